/** Files that are open elsewhere, by their names: whether each name still stands for the file that it stood for. */
import { statSync } from "node:fs";

export class KnownFiles {
  /** The identity of each, once it has been seen. */
  readonly #files = new Map<string, string | undefined>();

  /** From now on each name has to stand for what it stands for now, or is first seen to. */
  note(...paths: readonly string[]): void {
    for (const path of paths) this.#files.set(path, identityOf(path));
  }

  /** The first name that stands for nothing or for another file; empty when there is none. */
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
