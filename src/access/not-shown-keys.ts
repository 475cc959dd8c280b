/** Keys with a new text that the store gets after its caller's time: nobody was shown it. Bounded by the number of keys. */
import type { Author } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Key, KeyStore } from "./key.ts";

export class NotShownKeys {
  readonly #store: Pick<KeyStore, "putKeys" | "deleteKey">;
  readonly #authors = new Map<string, Author>();

  constructor(store: Pick<KeyStore, "putKeys" | "deleteKey">) {
    this.#store = store;
  }

  /** Watches the change that stores a new text. */
  async during(id: string, by: Author, storing: Promise<void>): Promise<void> {
    try {
      await storing;
    } catch (error) {
      if (MarsError.from(error).code === "deadline_exceeded") this.#authors.set(id, by);
      throw error;
    }
  }

  /** Puts the keys as they were behind the new ones: else the old texts would end, and nobody has the others. */
  async takeBack(keyOf: (id: string) => Key | undefined): Promise<void> {
    for (const [id, by] of this.#authors) {
      const known = keyOf(id);
      if (known === undefined) await this.#store.deleteKey(id, by);
      else await this.#store.putKeys([known], by);
      this.#authors.delete(id);
    }
  }
}
