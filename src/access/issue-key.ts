/** Makes the text of a key, and what is kept of it. */
import type { CallerLimits } from "../core/caller-limits.ts";
import type { Micros } from "../core/event.ts";
import type { KeyKind } from "../core/rights.ts";
import { nowMicros } from "../core/time.ts";
import type { Key } from "./key.ts";
import { createToken, hashOf, randomText, shownPart } from "./key-token.ts";

export interface NewKey {
  readonly kind: KeyKind;
  readonly apps: readonly string[];
  readonly name: string;
  /** 0 for never. */
  readonly expiresAt: Micros;
  readonly limits?: CallerLimits | undefined;
}

/** A key with its text, which is known at this time only. */
export interface IssuedKey {
  readonly key: Key;
  readonly token: string;
}

export function issueKey({ kind, apps, name, expiresAt, limits }: NewKey): IssuedKey {
  const token = createToken(kind);
  const key: Key = {
    id: randomText(12),
    hash: hashOf(token),
    shown: shownPart(token),
    kind,
    apps,
    name,
    createdAt: nowMicros(),
    expiresAt,
    lastUsedAt: 0,
    ...(limits !== undefined && { limits }),
  };
  return { key, token };
}

/** The same key with a new text. The old one stays good for `overlapMs`. */
export function issueAgain(known: Key, overlapMs: number): IssuedKey {
  const token = createToken(known.kind);
  const until = nowMicros() + overlapMs * 1_000;
  const { previous: _, ...same } = known;
  const key: Key = {
    ...same,
    hash: hashOf(token),
    shown: shownPart(token),
    ...(overlapMs > 0 && { previous: { hash: known.hash, until } }),
  };
  return { key, token };
}
