/** Converts a `MarsError` into Connect's error, with the details of google.rpc. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type FieldProblem, MarsError } from "../../core/error.ts";
import type { Log } from "../../core/ports.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { refusalFields } from "../limit-fields.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import { statusOf } from "../status.ts";

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/**
 * The error that a client gets for anything thrown. Errors of the protocol itself are Connect's already; any other
 * error goes to the log and becomes INTERNAL, without its text. Its metadata has the id of the request.
 *
 * @param sentId the `x-request-id` that the client has sent, if any
 */
export function rpcError(thrown: unknown, log: Log, sentId?: unknown): ConnectError {
  const requestId = requestIdFrom(sentId);
  const error = explained(thrown, log, requestId);
  if (!error.metadata.has(requestIdHeader)) error.metadata.set(requestIdHeader, requestId);
  return error;
}

function explained(thrown: unknown, log: Log, requestId: string): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  // The reason of an aborted request: no client reads this answer.
  if (thrown instanceof Error && thrown.name === "AbortError") return goneError();
  const error = MarsError.from(thrown);
  if (error.ours) log.error("rpc failed", { event: "request_failed", request_id: requestId, error });
  const details: Details = [];
  if (error.problems.length > 0) {
    details.push({
      desc: BadRequestSchema,
      value: { fieldViolations: error.problems.map(fieldViolation) },
    });
  }
  if (error.retryAfterMs !== undefined) {
    details.push({ desc: RetryInfoSchema, value: { retryDelay: millisDuration(error.retryAfterMs) } });
  }
  const { limit } = error;
  if (limit !== undefined) {
    const metadata = { limit: limit.name, quota: String(limit.quota) };
    details.push({ desc: ErrorInfoSchema, value: { reason: "RATE_LIMITED", domain: "mars", metadata } });
  }
  return new ConnectError(error.message, statusOf(error.code).rpc, metadataOf(error), details, error.cause);
}

/** The header fields that REST has, too: of the answer, or at its end. */
function metadataOf(error: MarsError): Record<string, string> | undefined {
  const { limit, retryAfterMs } = error;
  if (limit === undefined) return undefined;
  return { ...refusalFields(error), "retry-after": String(Math.ceil((retryAfterMs ?? 0) / 1_000)) };
}

/** Ends calls whose client is no longer there. */
export function goneError(): ConnectError {
  return new ConnectError("the client has gone away", Code.Canceled);
}

/** Ends calls when Mars stops. */
export function stoppingError(): ConnectError {
  return new ConnectError("mars is stopping", Code.Unavailable);
}

const undecodable = "parse binary: ";

/**
 * Whether a status and message are Connect's answer to a request that is no protobuf message. Its status is INTERNAL;
 * transports turn it into INVALID_ARGUMENT.
 */
export function isUndecodable(code: Code, message: string): boolean {
  return code === Code.Internal && message.startsWith(undecodable);
}

/** The error for bytes that are no protobuf message. */
export function undecodableError(cause: unknown): ConnectError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConnectError(undecodable + reason, Code.InvalidArgument, undefined, undefined, cause);
}

function fieldViolation(problem: FieldProblem): { field: string; description: string } {
  const { index, field, message } = problem;
  if (index === undefined) return { field, description: message };
  return { field: field === "" ? `events[${index}]` : `events[${index}].${field}`, description: message };
}

function millisDuration(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

/** Aborts with the error for the streams of a server that stops, when this aborts. */
export function stoppingSignal(signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(stoppingError());
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  return controller.signal;
}
