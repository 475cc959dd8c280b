/** The copy of all keys in the data directory, readable by its owner alone. It has hashes, and no key's text. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../runtime/replace-file.ts";
import type { Key } from "./key.ts";
import type { RevokedKey } from "./revoked-keys.ts";

const version = 1;

export interface CopyOfKeys {
  readonly keys: readonly Key[];
  /** Those that the database may still have. */
  readonly revoked: readonly RevokedKey[];
}

export class KeysFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, "keys.json");
  }

  /** @returns `undefined` where there is none. Rejects for a file that is no copy: it says who may come in. */
  async read(): Promise<CopyOfKeys | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new Error(`${this.#path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    try {
      const { revoked = [], ...content } = JSON.parse(text) as Partial<CopyOfKeys> & {
        readonly version?: number;
      };
      const { keys } = content;
      if (content.version === version && Array.isArray(keys) && keys.every(isKey)) return { keys, revoked };
    } catch {
      // The sentence below says all that there is to say.
    }
    throw new Error(`${this.#path} is damaged: delete it, and Mars reads the keys from its database`);
  }

  write({ keys, revoked }: CopyOfKeys): Promise<void> {
    const content = { version, keys, ...(revoked.length > 0 && { revoked }) };
    return replaceFile(this.#path, JSON.stringify(content));
  }
}

function isKey(value: Partial<Key> | null): boolean {
  return typeof value?.id === "string" && typeof value.hash === "string" && Array.isArray(value.apps);
}
