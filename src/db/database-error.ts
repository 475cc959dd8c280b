/**
 * Maps a driver's errors to kinds of fault, by their code, and by their class where they have none. No other file reads a driver's
 * texts, and none of them reaches a client.
 */
import { type ErrorCode, MarsError } from "../core/error.ts";

/** Transient: the server is away, another process has the file, the disk is full. The next attempt may succeed. */
const transientCodes: ReadonlySet<string> = new Set([
  "SQLITE_PERM",
  "SQLITE_ABORT",
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLITE_NOMEM",
  "SQLITE_READONLY",
  "SQLITE_INTERRUPT",
  "SQLITE_IOERR",
  "SQLITE_FULL",
  "SQLITE_CANTOPEN",
  "SQLITE_PROTOCOL",
  "SQLITE_SCHEMA",
  "SQLITE_NOLFS",
  "SQLITE_AUTH",
  "HRANA_PROTO_ERROR",
  "HRANA_CLOSED_ERROR",
  "HRANA_WEBSOCKET_ERROR",
  "PROTOCOL_VERSION_ERROR",
  "SERVER_ERROR",
  "CLIENT_CLOSED",
  "TRANSACTION_CLOSED",
  "TRANSACTION_TIMEOUT",
  "TRANSACTION_BUSY",
  "STREAM_EXPIRED",
  "BLOCKED",
  // A server's refusal without a code of its own.
  "UNKNOWN",
]);

/** Permanent for this input. */
const inputCodes: ReadonlySet<string> = new Set([
  "SQLITE_CONSTRAINT",
  "SQLITE_TOOBIG",
  "SQLITE_MISMATCH",
  "SQLITE_RANGE",
  "RESPONSE_TOO_LARGE",
  "ARGS_INVALID",
]);

const corruptCodes: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"]);

/** Of `SQLITE_IOERR`: the disk returned other bytes than were written. */
const corruptExtendedCodes: ReadonlySet<string> = new Set(["SQLITE_IOERR_DATA", "SQLITE_IOERR_CORRUPTFS"]);

/** By their numbers, from 1 on. https://www.sqlite.org/rescode.html */
const primaryCodes = [
  ...["ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT", "IOERR"],
  ...["CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA", "TOOBIG", "CONSTRAINT"],
  ...["MISMATCH", "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB", "NOTICE", "WARNING"],
] as const;

/** The name of SQLite's result code without what extends it: the driver knows few names of extended ones. */
export function primaryCodeOf(resultCode: number | undefined): string {
  return `SQLITE_${primaryCodes[((resultCode ?? 0) & 0xff) - 1] ?? "UNKNOWN"}`;
}

/** Messages of our triggers: a transaction continues from a state that has changed, which has to be read again. */
const guards = /journal position (?:moved|unknown)|projection moved|alerts moved/;

/** The properties of a driver's error that are read. */
interface DriverError extends Error {
  readonly code?: unknown;
  readonly extendedCode?: unknown;
  readonly cause?: unknown;
}

/** Wraps a driver's error in a `MarsError`. Returns a `MarsError`, and an error of another source, as it is. */
export function wrapDatabaseError(thrown: unknown): unknown {
  if (thrown instanceof MarsError || !(thrown instanceof Error)) return thrown;
  const error: DriverError = thrown;
  if (error.name === "LibsqlError" || error.name === "LibsqlBatchError") return ofDriver(error);
  // The driver checks values itself, such as an integer beyond 2^53.
  if (error instanceof RangeError)
    return make("unprocessable", "cannot process a value that is out of range", error);
  // From the system or from fetch: ECONNREFUSED, ENOTFOUND.
  if (typeof error.code === "string") return make("unavailable", `cannot be reached (${error.code})`, error);
  // No JSON, or no answer in time: no database server answers there, for now.
  if (["SyntaxError", "AbortError", "TimeoutError"].includes(error.name)) {
    return make("unavailable", "gives an answer that cannot be read", error);
  }
  return thrown;
}

function ofDriver(error: DriverError): MarsError {
  const code = String(error.code);
  const extended = String(error.extendedCode ?? "");
  const shown = extended.startsWith("SQLITE_") ? extended : code;
  if (corruptCodes.has(code) || corruptExtendedCodes.has(shown)) {
    return make("corrupt", `is damaged (${shown})`, error);
  }
  if (code === "SQLITE_CONSTRAINT" && guards.test(error.message)) {
    return make("unavailable", "has moved on; its state has to be read again", error);
  }
  if (code === "SERVER_ERROR") return ofServer(error);
  if (inputCodes.has(code)) return make("unprocessable", `cannot process this input (${shown})`, error);
  if (transientCodes.has(code)) return make("unavailable", `cannot be used (${shown})`, error);
  return make("internal", `was used wrongly (${shown})`, error);
}

function ofServer(error: DriverError): MarsError {
  const { cause } = error;
  const status = cause instanceof Error && "status" in cause ? Number(cause.status) : undefined;
  if (status === 413) return make("unprocessable", "cannot process this input (HTTP 413)", error);
  return make("unavailable", status === undefined ? "cannot be used" : `answers HTTP ${status}`, error);
}

function make(code: ErrorCode, what: string, cause: Error): MarsError {
  return new MarsError(code, `the database ${what}`, {
    cause,
    ...(code === "unavailable" && { retryAfterMs: 1_000 }),
  });
}
