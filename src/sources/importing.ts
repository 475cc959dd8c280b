/**
 * Payloads of a file, mapped by a source and stored: exports of a sender, or deliveries that were kept elsewhere. Nobody signs them: the
 * key of the caller answers for them.
 */
import { createHash } from "node:crypto";
import type { Caller } from "../core/caller.ts";
import { type FieldProblem, MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import { bulkEventsMax, problemsMax } from "../core/limits.ts";
import type { Ingest } from "../core/ports.ts";
import { receipts } from "../core/receipt.ts";
import type { MappedEvent, MapResult } from "./mapping.ts";
import type { Delivery, Source } from "./source.ts";
import { eventsOf, nothing, refusalOf, type Taken } from "./taken.ts";

/** A call takes no payload more when it has so much: items, bytes of attributes, milliseconds. What is left is for the next call. */
const itemsEnough = 2_000;
const attributesBytesEnough = 8 * 1024 * 1024;
const msEnough = 4_000;
/** Events that a dry run answers. */
const shownMax = 20;

export interface ImportParts {
  map(id: string, delivery: Delivery, caller: Caller): Promise<MapResult>;
  readonly ingest: Pick<Ingest, "accept">;
  /** Called with the events before they are accepted. */
  charge(events: readonly MarsEvent[], items: number): void;
}

export interface Imported extends Taken {
  /** How many payloads of those that were given, from the first; at least one. */
  readonly payloads: number;
  /** Of the first faults, `problemsMax` at most: `index` is that of the payload, from 0. */
  readonly errors: readonly FieldProblem[];
  /** Of a dry run: the first ones. */
  readonly events: readonly MappedEvent[];
}

/**
 * Maps payloads of JSON one by one and accepts their events, which are on disk when it resolves. An event that has neither an id nor a time
 * gets an id of its payload's text, so that a repeat changes nothing.
 *
 * Rejects as `Mapper.map`, `Ingest.accept` and `charge` do. A payload that cannot be mapped, also for its time, is counted.
 *
 * @param dryRun whether nothing is stored
 */
export async function importPayloads(
  { map, ingest, charge }: ImportParts,
  source: Source,
  payloads: Iterable<Uint8Array>,
  { caller, dryRun }: { readonly caller: Caller; readonly dryRun: boolean },
): Promise<Imported> {
  const mapped: MappedEvent[] = [];
  const events: MarsEvent[] = [];
  const errors: FieldProblem[] = [];
  const until = performance.now() + msEnough;
  let [index, items, bytes, ignored, rejected] = [0, 0, 0, 0, 0];
  for (const body of payloads) {
    if (items >= itemsEnough || bytes >= attributesBytesEnough || performance.now() > until) break;
    const result = await resultOf(body);
    items += Math.max(1, result.items);
    if (refusalOf(source, result) === undefined) {
      const identified = { ...result, events: withIds(result.events, body) };
      ignored += result.ignored;
      rejected += result.faulty;
      if (result.faulty > 0) report(result, "when");
      for (const event of identified.events) bytes += event.attributes.length;
      if (dryRun) mapped.push(...identified.events);
      else events.push(...eventsOf(identified, receipts.next(), receipts));
    } else {
      rejected += Math.max(1, result.items);
      report(result);
    }
    index++;
  }
  const accepted = dryRun ? mapped.length : events.length;
  const counts = { payloads: index, accepted, ignored, rejected, errors };
  if (dryRun) return { ...counts, events: mapped.slice(0, shownMax) };
  charge(events, items);
  if (events.length === 0) return { ...counts, events: [] };
  let seq = 0;
  for (let start = 0; start < events.length; start += bulkEventsMax)
    seq = await ingest.accept(events.slice(start, start + bulkEventsMax));
  return { ...counts, events: [], seq };

  async function resultOf(body: Uint8Array): Promise<MapResult> {
    const { bodyBytesMax } = source;
    if (body.byteLength > bodyBytesMax) return { ...nothing, fault: `must be at most ${bodyBytesMax} bytes` };
    try {
      return await map(source.id, { headers: { "content-type": "application/json" }, body }, caller);
    } catch (error) {
      if (!(error instanceof MarsError && error.code === "deadline_exceeded")) throw error;
      return { ...nothing, fault: error.message };
    }
  }

  /** @param leftOut a rule whose drops are no faults */
  function report({ fault, drops, items: count }: MapResult, leftOut?: string): void {
    const problems =
      fault === undefined
        ? drops
            .filter(({ rule }) => rule !== leftOut)
            .map(({ index: item, rule, reason }) => ({
              field: rule,
              message: count > 1 ? `${reason} (item ${item})` : reason,
            }))
        : [{ field: "", message: fault }];
    for (const problem of problems.slice(0, problemsMax - errors.length)) errors.push({ index, ...problem });
  }
}

function withIds(events: readonly MappedEvent[], body: Uint8Array): readonly MappedEvent[] {
  if (events.every(isIdentified)) return events;
  const digest = createHash("sha256").update(body).digest("hex").slice(0, 32);
  return events.map((event) =>
    isIdentified(event) ? event : { ...event, eventId: `import:${digest}:${event.index}` },
  );
}

function isIdentified({ eventId, createdAt }: MappedEvent): boolean {
  return createdAt !== undefined || !!eventId;
}
