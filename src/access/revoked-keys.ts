/**
 * Keys that were revoked while the database could not be reached, and that it may still have. The copy of all keys has them
 * too, so that neither a restart nor the database brings one back. Bounded by the number of keys.
 */
import type { Author } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Key, KeyStore } from "./key.ts";

export interface RevokedKey {
  readonly id: string;
  readonly by: Author;
}

export class RevokedKeys {
  readonly #store: Pick<KeyStore, "deleteKey">;
  readonly #authors = new Map<string, Author>();

  constructor(store: Pick<KeyStore, "deleteKey">) {
    this.#store = store;
  }

  add({ id, by }: RevokedKey): void {
    this.#authors.set(id, by);
  }

  get size(): number {
    return this.#authors.size;
  }

  list(): RevokedKey[] {
    return [...this.#authors].map(([id, by]) => ({ id, by }));
  }

  /** The keys of the database without those that are revoked. */
  without(keys: readonly Key[]): Key[] {
    return keys.filter(({ id }) => !this.#authors.has(id));
  }

  /** Deletes them from the database. Rejects with `unavailable` while it is away: then some are left, for the next call. */
  async delete(): Promise<void> {
    for (const [id, by] of this.#authors) {
      await this.#store.deleteKey(id, by);
      this.#authors.delete(id);
    }
  }

  /**
   * The same; while the database is away, the store is behind or the journal is full, a later `delete` goes on with it, since the copy
   * on disk ends a key, too.
   */
  async deleteOrWait(): Promise<void> {
    try {
      await this.delete();
    } catch (error) {
      if (!(error instanceof MarsError) || !error.transient) throw error;
    }
  }
}
