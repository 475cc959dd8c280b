/** Watches the names of open files: whether each still leads to the same file. */
import { statSync } from "node:fs";

export class KnownFiles {
  /** The identity of each file, once it exists. */
  readonly #files = new Map<string, string | undefined>();

  /** From now on each name must lead to its present file, or to the first one that it leads to. */
  note(...paths: readonly string[]): void {
    for (const path of paths) this.#files.set(path, identityOf(path));
  }

  /** The first name that leads to no file or to another one; empty for none. */
  missing(): string {
    for (const [path, known] of this.#files) {
      const now = identityOf(path);
      if (known === undefined) this.#files.set(path, now);
      else if (now !== known) return path;
    }
    return "";
  }
}

/** `undefined` where nothing has the name. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}
