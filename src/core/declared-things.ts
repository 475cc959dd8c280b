/** The record of what configuration files have declared, by the name that each file has: by it a file removes what it no longer has. */
import type { Author } from "./audit.ts";

/** Things of one file, and of all. */
export const declaredThingsMax = 5_000;
export const allDeclaredThingsMax = 20_000;

/** Reads the record. Rejects with `unavailable` while the database is away. */
export interface DeclaredReader {
  /** `rules/stuck`, `lifecycles/shop`; sorted. */
  declaredThings(name: string): Promise<readonly string[]>;
}

/** Keeps the record, on disk when it resolves. */
export interface DeclaredThings {
  /**
   * Replaces the record of a name. A thing is in one record: it leaves that of another name. Rejects with `invalid_argument`
   * beyond `allDeclaredThingsMax`.
   */
  putDeclaredThings(name: string, things: readonly string[], by?: Author): Promise<void>;
}
