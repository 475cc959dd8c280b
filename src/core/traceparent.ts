/**
 * The trace of an event: the `traceparent` of W3C Trace Context, by which what a service did is found in a tracing system.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 *
 * It lies beside the event: it is no part of its identity, and where reports of one event differ in it, the first to arrive counts.
 * One that is invalid is ignored, as the standard has it, and counted.
 */
import type { MarsEvent } from "./event.ts";

/** Of the request headers and of RPC metadata. */
export const traceparentHeader = "traceparent";

/** Version, trace id, span id, flags; a later version may have more behind them. */
const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const textChars = 55;
/** Of a later version; longer texts are not looked at. */
const textCharsMax = 512;
const [noTrace, noSpan] = ["0".repeat(32), "0".repeat(16)];

/** @returns the text by version 00, 55 characters; `undefined` for anything that is no valid traceparent */
export function parseTraceparent(sent: unknown): string | undefined {
  if (typeof sent !== "string" || sent.length < textChars || sent.length > textCharsMax) return undefined;
  const [, version, traceId, spanId, flags, rest] = format.exec(sent) ?? [];
  if (version === undefined || version === "ff" || traceId === noTrace || spanId === noSpan) return undefined;
  if (version !== "00") return `00-${traceId}-${spanId}-${flags}`;
  return rest === undefined ? sent : undefined;
}

export class Traceparents {
  #ignored = 0;

  /** How many were invalid since the start. */
  get ignored(): number {
    return this.#ignored;
  }

  /**
   * Reads what a producer has sent, and counts what is invalid.
   *
   * @param sent of any type; absent where it is `undefined`, `null` or empty
   * @returns as `parseTraceparent`
   */
  read(sent: unknown): string | undefined {
    if (sent === undefined || sent === null || sent === "") return undefined;
    const traceparent = parseTraceparent(sent);
    if (traceparent === undefined) this.#ignored++;
    return traceparent;
  }
}
/** One for the process, for the events of all protocols. */
export const traceparents = new Traceparents();

/** The parts of a `traceparent` that `read` has returned, by the names that logs have for them. */
export function traceFields(traceparent: string) {
  return {
    trace_id: traceparent.slice(3, 35),
    span_id: traceparent.slice(36, 52),
    trace_flags: traceparent.slice(53),
  };
}

/** The events of a request, of which those without a trace of their own belong to that of the request. */
export function tracedAs(
  events: readonly MarsEvent[],
  traceparent: string | undefined,
): readonly MarsEvent[] {
  if (traceparent === undefined) return events;
  return events.map((event) => (event.traceparent === undefined ? { ...event, traceparent } : event));
}
