/** A key as it is kept: everything but its text. */
import type { Author } from "../core/audit.ts";
import type { CallerLimits } from "../core/caller-limits.ts";
import type { Micros } from "../core/event.ts";
import type { KeyKind } from "../core/rights.ts";

/** The most keys. All are in memory: no call waits for the database to know its caller. */
export const keysMax = 10_000;

export interface Key {
  readonly id: string;
  /** See `hashOf`. */
  readonly hash: string;
  /** The first characters of its text; of one that Mars has not seen, those of its SHA-256. */
  readonly shown: string;
  readonly kind: KeyKind;
  readonly apps: readonly string[];
  readonly name: string;
  readonly createdAt: Micros;
  /** 0 for never. */
  readonly expiresAt: Micros;
  /** To the minute; 0 for never. */
  readonly lastUsedAt: Micros;
  /** Absent where those of the settings hold. */
  readonly limits?: CallerLimits;
  /** The text before the last rotation, which is good until then. */
  readonly previous?: { readonly hash: string; readonly until: Micros };
}

/** Where keys are kept. Implemented by `workers/`, on the store's thread. Rejects with `unavailable` while the database is away. */
export interface KeyStore {
  readKeys(): Promise<readonly Key[]>;
  /** @param by for the audit; absent: Mars itself */
  putKeys(keys: readonly Key[], by?: Author): Promise<void>;
  deleteKey(id: string, by: Author): Promise<void>;
}
