/** Errors between threads: the kind, the stack and the causes survive the copy. */
import { type ErrorCode, type FieldProblem, MarsError } from "../core/error.ts";

/** Bound on the chain of causes, which may be a circle. */
const causesMax = 5;

/** The form in which an error is copied. */
export interface ThreadError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** These three are of a `MarsError`. */
  readonly kind: ErrorCode | undefined;
  readonly problems: readonly FieldProblem[];
  readonly retryAfterMs: number | undefined;
  /** Code of a driver's or a system's error. */
  readonly code: string | undefined;
  readonly cause: ThreadError | undefined;
}

/** @param thrown any value; one that is no error becomes one with its text */
export function toThreadError(thrown: unknown, causesLeft = causesMax): ThreadError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const mars = error instanceof MarsError ? error : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    kind: mars?.code,
    problems: mars?.problems ?? [],
    retryAfterMs: mars?.retryAfterMs,
    code: mars === undefined && "code" in error ? String(error.code) : undefined,
    cause:
      error.cause === undefined || causesLeft === 0 ? undefined : toThreadError(error.cause, causesLeft - 1),
  };
}

/** A `MarsError` again where it was one, else an error of the same name, code and stack. */
export function fromThreadError(crossed: ThreadError): Error {
  const { kind, message, problems, retryAfterMs } = crossed;
  const cause = crossed.cause && fromThreadError(crossed.cause);
  const more = cause === undefined ? {} : { cause };
  let error: Error;
  if (kind === undefined) {
    error = new Error(message, more);
    error.name = crossed.name;
    if (crossed.code !== undefined) Object.assign(error, { code: crossed.code });
  } else {
    error = new MarsError(kind, message, {
      problems,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...more,
    });
  }
  if (crossed.stack !== undefined) error.stack = crossed.stack;
  return error;
}
