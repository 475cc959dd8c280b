/** What becomes of a delivery, from the result of its mapping. Pure. */
import { type FieldProblem, MarsError } from "../core/error.ts";
import type { MarsEvent, Micros } from "../core/event.ts";
import type { ReceiptClock } from "../core/receipt.ts";
import { type DeliveryDetail, type Outcome, readableHeaders } from "./kept.ts";
import type { Drop, MapResult } from "./mapping.ts";
import type { Delivery, Source } from "./source.ts";

/** Bound on the problems that one answer names. */
const problemsMax = 20;

/** What a delivery has become. */
export interface Taken {
  readonly accepted: number;
  readonly ignored: number;
  readonly rejected: number;
  /** Of the last of its events; absent for none. */
  readonly seq?: number;
}

/** The result of a delivery that could not be mapped. */
export const nothing: MapResult = { items: 0, events: [], ignored: 0, faulty: 0, drops: [], notes: [] };

/** As rules read it: without the header that has the source's secret. */
export function readable({ verify }: Source, { headers, body }: Delivery): Delivery {
  return { headers: readableHeaders(Object.entries(headers), verify.tokenHeader), body };
}

/** The mapping took too long. */
export function isLate(error: unknown): error is MarsError {
  return error instanceof MarsError && error.code === "deadline_exceeded";
}

/** The result of one that has more bytes than its source allows; `undefined` of others. */
export function tooLarge({ bodyBytesMax }: Source, { body }: Delivery): MapResult | undefined {
  if (body.byteLength <= bodyBytesMax) return undefined;
  return { ...nothing, fault: `body must be at most ${bodyBytesMax} bytes` };
}

/** Each item has a time of receipt of its own, which is the same in every replay, when other items are mapped, too. */
export function eventsOf(
  { events, items }: Pick<MapResult, "events" | "items">,
  receivedAt: Micros,
  clock?: ReceiptClock,
): MarsEvent[] {
  clock?.continueAfter(receivedAt + items - 1);
  return events.map(({ index, ...event }): MarsEvent => {
    const at = receivedAt + index;
    return { ...event, createdAt: event.createdAt ?? at, receivedAt: at };
  });
}

/** Why the delivery is refused as a whole. */
export function refusalOf(
  { otherwise }: Source,
  { fault, drops, ignored, faulty }: MapResult,
): MarsError | undefined {
  if (fault !== undefined) return invalid("the delivery", [{ field: "", message: fault }]);
  if (otherwise !== "reject" || ignored + faulty === 0) return undefined;
  return invalid("the delivery", drops.slice(0, problemsMax).map(problemOf));
}

function problemOf({ index, rule, reason }: Drop): FieldProblem {
  return { index, field: rule, message: reason };
}

/** Names what is at fault by its rule. */
export function invalid(what: string, problems: readonly FieldProblem[]): MarsError {
  const [first] = problems;
  const place = first?.field ? `${first.field}: ` : "";
  return new MarsError("invalid_argument", `${what} is not mapped: ${place}${first?.message ?? ""}`, {
    problems,
  });
}

/** Of a delivery that was mapped again. */
export function outcomeOf({ fault, events, items }: MapResult, refused: boolean): Outcome {
  if (fault !== undefined) return "failed";
  if (refused) return "rejected";
  return events.length === 0 ? "ignored" : events.length < items ? "partly" : "accepted";
}

/** The numbers of an answer. */
export function takenOf({ events, ignored, faulty }: MapResult, seq: number | undefined): Taken {
  return { accepted: events.length, ignored, rejected: faulty, ...(seq !== undefined && { seq }) };
}

/** What is kept of it, and why it has become no more. */
export function detailOf(
  outcome: Outcome,
  { items, events, fault, drops, notes }: MapResult,
  { headers }: Delivery,
): DeliveryDetail {
  const [drop] = drops;
  const refused = outcome === "rejected" || outcome === "failed";
  const dropText = drop === undefined ? "" : `item ${drop.index}: ${drop.rule} ${drop.reason}`;
  return {
    outcome,
    items,
    events: refused ? 0 : events.length,
    reason: fault ?? (dropText || (notes[0] ?? "")),
    headers: { ...headers },
  };
}
