/** Texts of keys that are good: by their hashes, each with the identity that it gives, and until when. */
import type { Micros } from "../core/event.ts";
import { Identity } from "../core/identity.ts";
import { nowMicros } from "../core/time.ts";
import type { Key } from "./key.ts";
import { hashOf } from "./key-token.ts";

/** A text that is good. */
export interface KeyText {
  readonly keyId: string;
  readonly identity: Identity;
  /** 0 for ever. */
  readonly until: Micros;
}

/** Texts that were looked up, so that nearly no call computes a hash. */
const cachedMax = 10_000;

export class KeyTexts {
  readonly #texts = new Map<string, KeyText>();
  readonly #cache = new Map<string, KeyText>();
  /** The same by name; `null` where there is not the one. Looking through all keys is too much for each call. */
  readonly #named = new Map<string, KeyText | null>();

  find(token: string): KeyText | undefined {
    const cached = this.#cache.get(token);
    if (cached !== undefined) return cached;
    const text = this.#texts.get(hashOf(token));
    if (text === undefined) return undefined;
    if (this.#cache.size >= cachedMax) this.#cache.clear();
    this.#cache.set(token, text);
    return text;
  }

  byHash(hash: string): KeyText | undefined {
    return this.#texts.get(hash);
  }

  /** That of the one key with this name that is good; `undefined` where none or several are. */
  byName(name: string, keys: Iterable<Key>): KeyText | undefined {
    let text = this.#named.get(name);
    if (text === undefined) {
      const texts = [...keys]
        .filter((key) => key.name === name)
        .flatMap(({ hash }) => this.#texts.get(hash) ?? []);
      text = texts.length === 1 ? (texts[0] ?? null) : null;
      if (this.#named.size >= cachedMax) this.#named.clear();
      this.#named.set(name, text);
    }
    return text ?? undefined;
  }

  /** The texts of a key, one of before the last rotation among them. The identity of one that is known stays. */
  admit(key: Key): void {
    const { hash, previous, expiresAt } = key;
    this.#admit(key, hash, expiresAt);
    if (previous !== undefined) {
      const ends = [previous.until, expiresAt].filter((end) => end !== 0);
      this.#admit(key, previous.hash, Math.min(...ends));
    }
    this.#forget();
  }

  #admit({ id, name, kind, apps, limits }: Key, hash: string, until: Micros): void {
    if (until !== 0 && until <= nowMicros()) return;
    const identity = this.#texts.get(hash)?.identity ?? new Identity({ id: `key:${id}`, name, kind, apps });
    identity.limitTo(limits);
    this.#texts.set(hash, { keyId: id, identity, until });
  }

  /** Ends what was begun with this text. */
  drop(hash: string, message: string): void {
    this.#texts.get(hash)?.identity.end(message);
    this.#texts.delete(hash);
    this.#forget();
  }

  /** Ends what has expired. */
  expire(now: Micros): void {
    for (const [hash, { until }] of this.#texts) {
      if (until !== 0 && until <= now) this.drop(hash, "this key has expired");
    }
  }

  #forget(): void {
    this.#cache.clear();
    this.#named.clear();
  }
}
