/**
 * Sends events in bulk calls, several at a time, each again until it is answered. What has been read when a call is free makes the
 * next one, so a slow source costs no wait, and a fast one few calls.
 *
 * Bounds: `callsMax` calls of `eventsMax` events at one time; the source is not read meanwhile.
 */
import { bulkEventsMax } from "../../core/limits.ts";
import type { Refusal } from "../call.ts";
import type { PatientCalls } from "../patience.ts";
import { type EventLine, eventLine, type IdsFor } from "./event-line.ts";
import type { Line } from "./lines.ts";
import { type Mapped, sendPayloads } from "./mapped.ts";

export interface Totals {
  accepted: number;
  rejected: number;
  /** Items that a source leaves out; absent without a source. */
  ignored?: number;
  /** The last one of all that were accepted; absent where none was. */
  seq?: number;
}

export interface DeliveryOptions {
  readonly run: string;
  readonly ids: IdsFor;
  /** For payloads that Mars maps. */
  readonly mapped?: Mapped;
  /** Called for a line that is refused. */
  refused(line: number, problem: string): void;
  /** Called for refused lines of a call whose answer does not name all. */
  unnamed(count: number, first: number, last: number): void;
  /** Called after each call. */
  sent(totals: Totals): void;
}

const callsMax = 4;
const eventsMax = Math.min(bulkEventsMax, 2_000);
const ndjson = { "content-type": "application/x-ndjson" };

/** @returns the totals, and the refusal that has ended it where there is one */
export async function deliver(
  source: AsyncIterable<readonly Line[]>,
  calls: PatientCalls,
  options: DeliveryOptions,
): Promise<{ readonly totals: Totals; readonly ended?: Refusal }> {
  const totals: Totals = { accepted: 0, rejected: 0 };
  const underWay = new Set<Promise<void>>();
  let ended: Refusal | undefined;
  let thrown: { readonly error: unknown } | undefined;
  try {
    reading: for await (const lines of source) {
      for (let start = 0; start < lines.length; start += eventsMax) {
        if (underWay.size >= callsMax) await Promise.race(underWay);
        if (ended !== undefined || thrown !== undefined) break reading;
        const one = sendPart(lines.slice(start, start + eventsMax))
          .catch((error) => {
            thrown = { error };
          })
          .finally(() => underWay.delete(one));
        underWay.add(one);
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  if (thrown !== undefined) throw thrown.error;
  return { totals, ...(ended !== undefined && { ended }) };

  async function sendPart(lines: readonly Line[]): Promise<void> {
    if (options.mapped !== undefined) {
      const refusal = await sendPayloads(lines, calls, totals, { ...options, mapped: options.mapped });
      ended ??= refusal;
      return;
    }
    const events = lines.map((line) => eventLine(line, options.run, options.ids));
    const good = events.filter((event) => "json" in event);
    for (const event of events) {
      if ("json" in event) continue;
      totals.rejected++;
      options.refused(event.number, event.problem);
    }
    if (good.length > 0) {
      const body = good.map(({ json }) => `${json}\n`).join("");
      const answer = await calls.call({ method: "POST", path: "/api/event/bulk", body }, { headers: ndjson });
      const counts = countsOf(answer.value);
      if (counts === undefined) {
        // Another refusal has ended it already.
        if (!answer.ok) ended ??= answer;
        return;
      }
      totals.accepted += counts.accepted;
      totals.rejected += counts.rejected;
      if (counts.seq !== undefined) totals.seq = Math.max(totals.seq ?? 0, counts.seq);
      report(good, counts);
    }
    options.sent(totals);
  }

  function report(events: readonly EventLine[], { rejected, errors }: Counts): void {
    const byIndex = new Map<number, string[]>();
    for (const { index, field, message } of errors) {
      byIndex.set(index, [...(byIndex.get(index) ?? []), `${field} ${message}`.trim()]);
    }
    for (const [index, problems] of byIndex) {
      options.refused(events[index]?.number ?? 0, problems.join("; "));
    }
    const unnamed = rejected - byIndex.size;
    if (unnamed > 0) options.unnamed(unnamed, events[0]?.number ?? 0, events.at(-1)?.number ?? 0);
  }
}

interface Counts {
  readonly accepted: number;
  readonly rejected: number;
  readonly seq?: number;
  readonly errors: readonly { readonly index: number; readonly field: string; readonly message: string }[];
}

/** Of an answer that has judged each event; nothing of a refusal of the whole call. */
function countsOf(value: object | undefined): Counts | undefined {
  const { accepted, rejected, seq, errors = [] } = (value ?? {}) as Partial<Counts>;
  if (typeof accepted !== "number" || typeof rejected !== "number") return undefined;
  return { accepted, rejected, errors, ...(typeof seq === "number" && { seq }) };
}
