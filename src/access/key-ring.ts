/**
 * All keys, in memory: by their texts' hashes, each with the identity that it gives. A change is on disk before it is
 * answered: in the database, and in a copy beside the journal, by which Mars knows its callers while the database is away.
 */
import { isDeepStrictEqual } from "node:util";
import type { Author } from "../core/audit.ts";
import type { CallerLimits } from "../core/caller-limits.ts";
import { MarsError } from "../core/error.ts";
import type { Identity } from "../core/identity.ts";
import { nowMicros } from "../core/time.ts";
import { endingKeys } from "./ending-keys.ts";
import { type IssuedKey, issueAgain, issueKey, type NewKey } from "./issue-key.ts";
import { type Key, type KeyStore, keysMax } from "./key.ts";
import { type KeyText, KeyTexts } from "./key-texts.ts";
import type { KeysFile } from "./keys-file.ts";
import { NotShownKeys } from "./not-shown-keys.ts";
import { RevokedKeys } from "./revoked-keys.ts";

/** The precision of the time of the last use. */
const useMicros = 60_000_000;

export class KeyRing {
  readonly #store: KeyStore;
  readonly #file: KeysFile;
  readonly #changed: () => void;
  readonly #keys = new Map<string, Key>();
  readonly #texts = new KeyTexts();
  /** Ids of keys whose last use is not stored. */
  readonly #used = new Set<string>();
  readonly #revoked: RevokedKeys;
  readonly #notShown: NotShownKeys;
  #loaded = false;
  /** Whether the database has been read. */
  #read = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param changed called when there is another key, or one less */
  constructor(store: KeyStore, file: KeysFile, changed: () => void = () => undefined) {
    this.#changed = changed;
    this.#store = store;
    this.#file = file;
    this.#revoked = new RevokedKeys(store);
    this.#notShown = new NotShownKeys(store);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Whether all keys are known; before that an unknown text may be a key. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Reads the copy. To be called first. */
  async open(): Promise<void> {
    const copy = await this.#file.read();
    if (copy === undefined) return;
    for (const revoked of copy.revoked) this.#revoked.add(revoked);
    this.#replace(copy.keys);
    this.#loaded = true;
  }

  /** Reads the database, once it is there. It has the truth, and the copy follows it. Later calls do nothing, but with `again`. */
  async load({ again = false } = {}): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#read !== again) return;
      if (again) await this.#notShown.takeBack((id) => this.#keys.get(id));
      this.#replace(this.#revoked.without(await this.#store.readKeys()));
      this.#loaded = true;
      await this.#copy();
      this.#read = true;
    });
  }

  /** The identity that a key's text gives; `undefined` where it gives none. */
  find(token: string): Identity | undefined {
    return this.#use(this.#texts.find(token));
  }

  /** The same by the hash of its text. */
  byHash(hash: string): Identity | undefined {
    return this.#use(this.#texts.byHash(hash));
  }

  /** The identity of the one key with this name that is good; `undefined` where none or several are. */
  byName(name: string): Identity | undefined {
    return this.#use(this.#texts.byName(name, this.#keys.values()));
  }

  /** For the health. */
  warnings(now = nowMicros()): string[] {
    return endingKeys(this.#keys.values(), now);
  }

  get(id: string): Key | undefined {
    return this.#keys.get(id);
  }

  /** In the order in which they were made. */
  list(): Key[] {
    return [...this.#keys.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** @throws `MarsError("invalid_argument")` beyond `keysMax` */
  create(wanted: NewKey, by: Author): Promise<IssuedKey> {
    return this.#inTurn(async () => {
      this.#assertRoom();
      const issued = issueKey(wanted);
      await this.#notShown.during(issued.key.id, by, this.#keep(issued.key, by));
      return issued;
    });
  }

  /**
   * Makes a key with an id and a text of its owner's choice, or changes the one with this id. Another text, and other rights, end
   * what was begun with the former ones at once.
   *
   * @throws `MarsError("invalid_argument")` beyond `keysMax`, and for a text that is another key's
   */
  put(id: string, wanted: NewKey & Pick<Key, "hash" | "shown">, by: Author): Promise<Key> {
    return this.#inTurn(async () => {
      const known = this.#keys.get(id);
      if (known === undefined) this.#assertRoom();
      // Else one with this id that was revoked while the database was away would end this one.
      await this.#revoked.delete();
      assertOwn(this.#texts.byHash(wanted.hash), id);
      const { limits, ...own } = wanted;
      const { createdAt = nowMicros(), lastUsedAt = 0 } = known ?? {};
      // The text before a rotation goes with the one that came after it.
      const previous = known?.hash === wanted.hash ? known.previous : undefined;
      const more = { ...(limits && { limits }), ...(previous && { previous }) };
      const key: Key = { ...own, id, createdAt, lastUsedAt, ...more };
      if (known !== undefined && isDeepStrictEqual(known, key)) return known;
      await this.#keep(key, by);
      return key;
    });
  }

  /**
   * Gives a key a new text. The old one stays good for `overlapMs`; one that is older still ends at once.
   *
   * @returns `undefined` where there is no such key
   */
  rotate(id: string, overlapMs: number, by: Author): Promise<IssuedKey | undefined> {
    return this.#inTurn(async () => {
      const known = this.#keys.get(id);
      if (known === undefined) return undefined;
      const issued = issueAgain(known, overlapMs);
      await this.#notShown.during(issued.key.id, by, this.#keep(issued.key, by));
      return issued;
    });
  }

  /**
   * Replaces the limits of a key; they hold from its next call on.
   *
   * @returns `undefined` where there is no such key
   */
  limit(id: string, limits: CallerLimits, by: Author): Promise<Key | undefined> {
    return this.#inTurn(async () => {
      const known = this.#keys.get(id);
      if (known === undefined || isDeepStrictEqual(known.limits, limits)) return known;
      const key: Key = { ...known, limits };
      await this.#keep(key, by);
      return key;
    });
  }

  /**
   * @returns the key that is no more; `undefined` where there was none
   * @throws `MarsError("permission_denied")` for the last key, unless it may be
   */
  revoke(id: string, { mayBeLast }: { readonly mayBeLast: boolean }, by: Author): Promise<Key | undefined> {
    return this.#inTurn(async () => {
      const known = this.#keys.get(id);
      if (known === undefined) return undefined;
      if (this.#keys.size === 1 && !mayBeLast) {
        throw new MarsError("permission_denied", "this is the last key: its end needs a key for the apps *");
      }
      // Before it is on disk: nobody revokes a key that should go on.
      this.#end(known, "this key was revoked");
      this.#keys.delete(id);
      this.#changed();
      this.#revoked.add({ id, by });
      await this.#copy();
      await this.#revoked.deleteOrWait();
      return known;
    });
  }

  /** Ends what has expired. To be called every second. */
  expire(now = nowMicros()): void {
    this.#texts.expire(now);
  }

  /** Stores when keys were last used, and deletes from the database those that were revoked while it was away. */
  async flush(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#revoked.size > 0) {
        await this.#revoked.delete();
        await this.#copy();
      }
      if (this.#used.size === 0) return;
      const used = [...this.#used].flatMap((id) => this.#keys.get(id) ?? []);
      await this.#store.putKeys(used);
      this.#used.clear();
    });
  }

  #assertRoom(): void {
    if (this.#keys.size < keysMax) return;
    throw new MarsError("invalid_argument", `there may be at most ${keysMax} keys: revoke one first`);
  }

  async #keep(key: Key, by: Author): Promise<void> {
    const others = this.list().filter(({ id }) => id !== key.id);
    await this.#copy([...others, key]);
    try {
      await this.#store.putKeys([key], by);
    } catch (error) {
      // Else a restart while the database is away would know a text that nobody has, instead of the old one.
      await this.#copy();
      throw error;
    }
    this.#add(key);
    this.#changed();
  }

  #copy(keys: readonly Key[] = this.list()): Promise<void> {
    return this.#file.write({ keys, revoked: this.#revoked.list() });
  }

  #add(key: Key): void {
    const known = this.#keys.get(key.id);
    const same = known !== undefined && isDeepStrictEqual(rightsOf(known), rightsOf(key));
    const kept = new Set(same ? [key.hash, key.previous?.hash] : []);
    const message = same ? "this key has a new text" : "this key has other rights";
    for (const hash of [known?.hash, known?.previous?.hash]) {
      if (hash !== undefined && !kept.has(hash)) this.#texts.drop(hash, message);
    }
    this.#keys.set(key.id, key);
    this.#texts.admit(key);
  }

  #replace(keys: readonly Key[]): void {
    const ids = new Set(keys.map(({ id }) => id));
    for (const key of this.list()) {
      if (ids.has(key.id)) continue;
      this.#end(key, "this key was revoked");
      this.#keys.delete(key.id);
    }
    for (const key of keys) this.#add(key);
    this.#changed();
  }

  #end({ hash, previous }: Key, message: string): void {
    this.#texts.drop(hash, message);
    if (previous !== undefined) this.#texts.drop(previous.hash, message);
  }

  #use(text: KeyText | undefined): Identity | undefined {
    if (text === undefined) return undefined;
    const { keyId, identity, until } = text;
    const now = nowMicros();
    if (until !== 0 && until <= now) return undefined;
    const key = this.#keys.get(keyId);
    if (key !== undefined && now - key.lastUsedAt >= useMicros) {
      this.#keys.set(keyId, { ...key, lastUsedAt: now - (now % useMicros) });
      this.#used.add(keyId);
    }
    return identity;
  }

  /** One change at a time: each is written as a whole with the others. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function rightsOf({ name, kind, apps }: Key) {
  return { name, kind, apps };
}

/** One text gives one identity. */
function assertOwn(text: KeyText | undefined, id: string): void {
  if (text === undefined || text.keyId === id) return;
  const message = "is that of another key";
  throw new MarsError("invalid_argument", `token_sha256 ${message}`, {
    problems: [{ field: "token_sha256", message }],
  });
}
