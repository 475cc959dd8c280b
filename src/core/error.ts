/**
 * The one error that crosses a boundary between modules. Its code is from a closed list; every protocol maps the
 * code, and nothing else, to its own status (`edge/status.ts`).
 */

import type { ReachedLimit } from "./caller-limits.ts";

/**
 * - `malformed`: not parseable at all. `invalid_argument`: parseable, but a field is at fault.
 * - `misdirected`: addressed to a host that this Mars does not answer for.
 * - `upgrade_required`: the address has sockets only.
 * - `overloaded`: a bound was reached; try again after `retryAfterMs`. `draining`, `unavailable`: not now.
 * - `deadline_exceeded`: what was waited for did not come in time.
 * - `subscriber_too_slow`: a live subscriber fell behind its bound and may resume.
 * - `unprocessable`: the database can do this with other input and never with this one: a constraint, a size, a number that
 *   does not fit. Trying again cannot help.
 * - `corrupt`: the database is damaged. `fenced`: another process has taken over what this one writes to.
 * - `internal`: a fault of ours; the cause is for the log and never for the client.
 */
export type ErrorCode =
  | "malformed"
  | "invalid_argument"
  | "unauthenticated"
  | "permission_denied"
  | "not_found"
  | "method_not_allowed"
  | "misdirected"
  | "upgrade_required"
  | "too_large"
  | "unsupported_media_type"
  | "overloaded"
  | "draining"
  | "unavailable"
  | "deadline_exceeded"
  | "subscriber_too_slow"
  | "unprocessable"
  | "corrupt"
  | "fenced"
  | "internal";

/** The problem of one field. `index` is the event's place in its batch, where there is a batch. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
  readonly index?: number;
}

/** After the first problem in an error's message, where there are others: `; 2 more problems`. */
export function moreProblems(count: number): string {
  return count > 0 ? `; ${count} more problem${count > 1 ? "s" : ""}` : "";
}

export interface MarsErrorOptions {
  readonly problems?: readonly FieldProblem[];
  /** Milliseconds until a new try may succeed. */
  readonly retryAfterMs?: number;
  /** The caller's own limit that was reached. */
  readonly limit?: ReachedLimit;
  /** For the log only. */
  readonly cause?: unknown;
}

export class MarsError extends Error {
  override readonly name = "MarsError";
  readonly code: ErrorCode;
  readonly problems: readonly FieldProblem[];
  readonly retryAfterMs: number | undefined;
  readonly limit: ReachedLimit | undefined;

  /** @param message lower case, with the value and the bound where there are any; shown to the client. */
  constructor(code: ErrorCode, message: string, options: MarsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.limit = options.limit;
  }

  /** Whether the same call may succeed later although nothing is repaired. */
  get transient(): boolean {
    return transientCodes.has(this.code);
  }

  /** Whether it is no fault of the caller, and belongs in the log with its stack. */
  get ours(): boolean {
    return oursCodes.has(this.code);
  }

  /** Turns anything thrown into a `MarsError`; what is not one already becomes `internal`. */
  static from(thrown: unknown): MarsError {
    if (thrown instanceof MarsError) return thrown;
    return new MarsError("internal", "internal error", { cause: thrown });
  }
}

const transientCodes: ReadonlySet<ErrorCode> = new Set([
  "overloaded",
  "draining",
  "unavailable",
  "deadline_exceeded",
]);

const oursCodes: ReadonlySet<ErrorCode> = new Set(["unprocessable", "corrupt", "fenced", "internal"]);
