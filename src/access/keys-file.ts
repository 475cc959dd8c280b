/** The copy of all keys in the data directory, readable by its owner alone. It has hashes, and no key's text. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Key } from "./key.ts";
import { replaceFile } from "./replace-file.ts";

const version = 1;

export class KeysFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, "keys.json");
  }

  /** @returns `undefined` where there is none. Rejects for a file that is no copy: it says who may come in. */
  async read(): Promise<readonly Key[] | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new Error(`${this.#path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    try {
      const content = JSON.parse(text) as { readonly version: number; readonly keys: readonly Key[] };
      if (content.version === version && Array.isArray(content.keys)) return content.keys;
    } catch {
      // The sentence below says all that there is to say.
    }
    throw new Error(`${this.#path} is damaged: delete it, and Mars reads the keys from its database`);
  }

  write(keys: readonly Key[]): Promise<void> {
    return replaceFile(this.#path, JSON.stringify({ version, keys }));
  }
}
