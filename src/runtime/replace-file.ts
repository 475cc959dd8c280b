/** Writes a small file as a whole: a crash leaves the old one or the new one. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** The file is readable by its owner alone, and on disk when this resolves. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  // Never into a file that is there: it may be readable by others, or be a link to elsewhere.
  await rm(next, { force: true });
  const file = await open(next, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
