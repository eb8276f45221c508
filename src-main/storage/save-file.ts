/** A file of the person's choosing, written as a whole or not at all. */
import writeFileAtomic from 'write-file-atomic';
import { FailureError } from '../contract/failure';

export async function saveFile(path: string, content: string | Buffer): Promise<void> {
  try {
    await writeFileAtomic(path, content);
  } catch (cause) {
    throw new FailureError(
      {
        kind: 'storage',
        message: `The file could not be written: ${path}`,
        remedy: 'Choose another folder, or free some space.',
        serverMessage: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    );
  }
}
