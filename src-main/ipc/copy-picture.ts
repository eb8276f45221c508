import { clipboard, ClipboardItem, nativeImage } from 'electron';
import type { NativeImage } from 'electron';

/** Puts a PNG on the clipboard. Electron before 40 knows no items and takes an image instead. */
export async function copyPicture(png: Buffer): Promise<void> {
  const older = clipboard as unknown as { readonly writeImage?: (image: NativeImage) => void };
  if (older.writeImage !== undefined) older.writeImage(nativeImage.createFromBuffer(png));
  else await clipboard.write([new ClipboardItem({ 'image/png': new Blob([new Uint8Array(png)]) })]);
}
