/** The fields of requests, brought into the shape that the checks of queries take; protobuf has no absent texts. */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { MarsError } from "../../core/error.ts";
import { minSeqWaitMs } from "../../core/limits.ts";
import type { Progress } from "../../core/ports.ts";
import { parseTopic, type Topic } from "../../core/topic.ts";
import { checkMinSeq } from "../parse-query.ts";
import { type CallContext, callerOf } from "./caller.ts";
import { durationMicros, timestampMicros } from "./convert-time.ts";

export function present(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** Zero stands for the default. */
export function positive(limit: number): number | undefined {
  return limit === 0 ? undefined : limit;
}

/** Microseconds; NaN, which no check lets pass, for what is no timestamp. */
export function time(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : (timestampMicros(timestamp) ?? Number.NaN);
}

/** Microseconds; NaN, which no check lets pass, for what is no duration or a negative one. */
export function length(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : (durationMicros(duration) ?? Number.NaN);
}

/**
 * The word for an enum's value; `undefined` for the unspecified one. Enums are open: of a value without a word, which a
 * newer client may send, it is the number, which no check lets pass.
 */
export function wordOf(value: number, values: Readonly<Record<string, number>>): string | undefined {
  if (value === 0) return undefined;
  return Object.keys(values).find((word) => values[word] === value) ?? String(value);
}

/** @throws `MarsError("invalid_argument")` beyond what is a safe integer */
export function checkSeq(field: string, seq: bigint): number {
  if (seq <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(seq);
  const message = `must be at most ${Number.MAX_SAFE_INTEGER}`;
  throw new MarsError("invalid_argument", `${field} ${message}`, { problems: [{ field, message }] });
}

/** @throws `MarsError("invalid_argument")` for what is no topic, or one of the other kind */
export function checkTopic(name: string, kind: "events" | "findings"): Topic {
  const topic = parseTopic(name);
  if ((topic.findings === true) === (kind === "findings")) return topic;
  const message =
    kind === "events"
      ? "must be one of events; findings are watched by WatchFindings"
      : "must be one of findings; events are watched by WatchEvents";
  throw new MarsError("invalid_argument", `topic ${message}`, { problems: [{ field: "topic", message }] });
}

/**
 * Waits until everything up to `minSeq` is visible.
 *
 * @param progress whose word counts: what is stored is not at once projected
 * @throws `MarsError` `invalid_argument`, `deadline_exceeded` after `minSeqWaitMs`
 */
export async function visible(progress: Progress, minSeq: bigint, context: CallContext): Promise<void> {
  const seq = checkMinSeq(minSeq);
  if (seq !== undefined && seq > progress.storedSeq)
    await progress.reached(seq, minSeqWaitMs, callerOf(context));
}
