/** What leaves the app as a file or on the clipboard, for others to read. */
import { z } from 'zod';

const clusterId = z.string().min(1).max(80);

/** Texts of one export; each is answered with its secrets removed, and with `hidesNames` without names of hosts and people. */
export const cleanInput = z.object({
  clusterId,
  texts: z.array(z.string().max(5_000_000)).max(500_000),
  hidesNames: z.boolean(),
});

const png = z
  .string()
  .max(80_000_000)
  .regex(/^[A-Za-z0-9+/]+=*$/, 'a picture as base64');
export const savePictureInput = z.object({ suggestedName: z.string().min(1).max(200), png });
export const copyPictureInput = z.object({ png });
