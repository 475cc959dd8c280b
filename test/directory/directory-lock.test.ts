import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectoryLock } from "../../src/directory/directory-lock.ts";

test("a directory has one owner at a time, with any characters in its name", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mars 100%? #lock-"));
  const [first, second] = [new DirectoryLock(), new DirectoryLock()];
  await first.take(directory);
  await expect(second.take(directory)).rejects.toThrow("in use by another process");
  first.release();
  await second.take(directory);
  second.release();
  rmSync(directory, { recursive: true });
});
