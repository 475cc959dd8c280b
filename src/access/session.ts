/** A session as it is kept: a browser whose user has signed in. Everything but the text of its cookie. */
import type { Author } from "../core/audit.ts";
import type { Micros } from "../core/event.ts";

/** The most sessions. All are in memory; beyond it the one that was idle for longest ends. */
export const sessionsMax = 10_000;

/** The most sessions of one key or person, in the same way. */
export const sessionsOfOneMax = 100;

/** A session ends when it was not used for so long, */
export const idleMicros = 12 * 3_600_000_000;

/** and when it is so old, used or not. */
export const ageMicros = 7 * 86_400_000_000;

/** Where a session's rights come from. It ends when there are none any more. */
export interface Grant {
  /** The hash of the key that its user has signed in with; or the issuer where, see `credentialAt`. */
  readonly credential: string;
  /** Of a person who signed in elsewhere: the values of the claim that name roles of `MARS_OIDC_ROLES`, so that a change of these counts. */
  readonly claims: readonly string[];
}

export interface Session extends Grant {
  readonly id: string;
  /** See `hashOf`. */
  readonly hash: string;
  /** The identity of its key, such as `key:ID`; or `person:` and the subject. */
  readonly owner: string;
  /** For people: the key's name, or the person's. */
  readonly name: string;
  /** Where it was made from. */
  readonly address: string;
  readonly createdAt: Micros;
  /** To the minute. */
  readonly lastUsedAt: Micros;
}

/** A session that is no more. */
export interface EndedSession {
  readonly session: Session;
  /** The caller who has ended it, for the audit; absent: its own user has, or Mars. */
  readonly by?: Author | undefined;
}

/** The credential of who has signed in at an issuer. No hash has a colon. */
export function credentialAt(issuer: string): string {
  return `oidc:${issuer}`;
}

/** When it ends unless it is used again. */
export function endOf({ createdAt, lastUsedAt }: Pick<Session, "createdAt" | "lastUsedAt">): Micros {
  return Math.min(createdAt + ageMicros, lastUsedAt + idleMicros);
}

/** Where sessions are kept. Implemented by `workers/`, on the store's thread. Rejects with `unavailable` while the database is away. */
export interface SessionStore {
  readSessions(): Promise<readonly Session[]>;
  /** In one transaction, on disk when it resolves. */
  changeSessions(put: readonly Session[], ended: readonly EndedSession[]): Promise<void>;
}
