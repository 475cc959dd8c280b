/**
 * The address of a database, with the sign that it is damaged. Threads that use no database know it by this: the driver, which is
 * loaded for `database.ts`, is not loaded for them.
 */

/** Address of a database. */
export interface DatabaseAddress {
  /** `file:`, `libsql:`, `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: string;
  /** For a server that asks for one; empty otherwise. */
  readonly authToken: string;
  /** Bound on one call to a server, after which its connection is closed. */
  readonly timeoutMs: number;
  /** Shared by all threads that use the database; absent where a damaged database may be used. */
  readonly quarantine?: Quarantine;
}

/** Four bytes that are not 0 once damage of the database is known. From then on no thread uses it. */
export type Quarantine = SharedArrayBuffer;

/** A quarantine for a database without known damage. */
export function createQuarantine(): Quarantine {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** From now on no thread uses the database. Only a restart ends that. */
export function quarantine(shared: Quarantine): void {
  Atomics.store(new Int32Array(shared), 0, 1);
}

/** Whether any thread has found damage. */
export function isQuarantined(shared: Quarantine): boolean {
  return Atomics.load(new Int32Array(shared), 0) !== 0;
}

/** For those who look after Mars; empty while there is none. */
export function quarantineWarnings(shared: Quarantine): string[] {
  if (!isQuarantined(shared)) return [];
  return ["the database is damaged: nothing is read from it or stored in it"];
}

/** The URL of a file. The driver decodes the path of a URL, and a path may have any character. */
export function fileUrl(path: string): string {
  return `file:${path.replace(/[%?#]/g, encodeURIComponent)}`;
}

/** The path in the URL of a file. */
export function pathOf(url: string): string {
  return decodeURIComponent(url.slice("file:".length));
}
