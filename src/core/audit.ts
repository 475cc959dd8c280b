/** The audit: which caller changed what, when and from where, with what was there before and after. */
import type { Caller, Protocol } from "./caller.ts";
import type { Micros } from "./event.ts";

/** Who makes a change, and by which operation. Goes with the change to its writer, which records both in one transaction. */
export interface Author {
  /** The operation's name: `putLifecycle`. */
  readonly action: string;
  /** The key, or the person: `key:ID`, `admin`, `local`, `anonymous`. A session is its owner's. */
  readonly who: string;
  readonly name: string;
  readonly address: string;
  readonly protocol: Protocol;
}

/** What was changed. Neither `old` nor `new` has a secret, or data of a message. */
export interface Change {
  /** The id of the thing: of a rule, a key, an app. */
  readonly target: string;
  /** The one app that the change is about; absent: several, or none. */
  readonly appId?: string | undefined;
  /** As answers show the thing; absent: it was not there before, or is not any more. */
  readonly old?: object | undefined;
  readonly new?: object | undefined;
}

/** A change that was made. */
export interface AuditEntry extends Author, Change {
  /** Grows with each change. */
  readonly id: number;
  readonly at: Micros;
}

/** A page of the audit, the latest first. An absent filter matches all. */
export interface AuditQuery {
  /** Inclusive. */
  readonly since?: Micros;
  /** Exclusive. */
  readonly until?: Micros;
  readonly who?: string;
  readonly action?: string;
  readonly appId?: string;
  readonly target?: string;
  /** At most 1000. A page of large changes has fewer. */
  readonly limit: number;
  readonly cursor?: string;
}

/** The answer to `AuditQuery`. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly nextCursor?: string;
}

/** Reads the audit. Implemented by `db/audit/`. Rejects with `unavailable` while the database is away. */
export interface AuditReader {
  audit(query: AuditQuery): Promise<AuditPage>;
}

/** How full the audit is. */
export interface AuditSize {
  /** See `auditBytesMax`. */
  readonly bytes: number;
  /** Entries that had to make room for others, since the database was made. */
  readonly dropped: number;
}

/**
 * Bytes of the audit, with `auditEntryBytes` for each entry beside its `old` and `new`. Beyond it the oldest entries go: a script that
 * changes without end must not fill the disk, nor be stopped by its traces.
 */
export const auditBytesMax = 256 * 1024 * 1024;
export const auditEntryBytes = 1_024;

/** Bytes of `old` and of `new`, of each. Of a longer one the beginning is kept. */
export const auditShownBytesMax = 64 * 1024;

export function authorOf({ identity, address, protocol }: Caller, action: string): Author {
  return { action, who: identity.share, name: identity.name, address, protocol };
}
