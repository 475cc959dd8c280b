/** The events of a message as the page has them: pages of earlier ones, and live ones, in one order. */
import type { AnswerOf } from "../../api/operation-types.ts";

export type Message = AnswerOf<"getMessage">;

export interface TimelineEvent extends Omit<Message["events"][number], "duplicates"> {
  /** Absent on live events. */
  readonly duplicates?: number;
  /** Only on live events: the seq of the event that a repeat has changed into this one. */
  readonly replaces?: number;
}

/** With an event that has arrived, in its order. One that is there already stays as it is, unless it is replaced. */
export function withEvent(
  events: readonly TimelineEvent[],
  { replaces, ...arrived }: TimelineEvent,
): readonly TimelineEvent[] {
  if (replaces !== undefined) {
    const others = events.filter(({ seq }) => seq !== replaces);
    return [...others, { ...arrived, seq: replaces }].sort(byTime);
  }
  if (arrived.seq !== 0 && events.some(({ seq }) => seq === arrived.seq)) return events;
  return [...events, arrived].sort(byTime);
}

/** With a page of earlier events, the newest first. */
export function withEarlier(
  events: readonly TimelineEvent[],
  earlier: readonly TimelineEvent[],
): readonly TimelineEvent[] {
  const known = new Set(events.map(({ seq }) => seq));
  return [...earlier.filter(({ seq }) => !known.has(seq)).toReversed(), ...events].sort(byTime);
}

/** Where times are equal the order stays: it is the order of the answer. */
function byTime(a: TimelineEvent, b: TimelineEvent): number {
  if (a.created_at === b.created_at) return 0;
  return a.created_at < b.created_at ? -1 : 1;
}

/** One event, or several of one name in a row. */
export interface EventRun {
  readonly key: number;
  readonly events: readonly TimelineEvent[];
  /** The last event before it. */
  readonly before: TimelineEvent | undefined;
}

/** So many of one name in a row are shown as one. */
const runMin = 4;

export function runsOf(events: readonly TimelineEvent[]): EventRun[] {
  const runs: EventRun[] = [];
  let at = 0;
  while (at < events.length) {
    let end = at + 1;
    while (end < events.length && events[end]!.event === events[at]!.event) end += 1;
    const same = events.slice(at, end);
    const parts = same.length < runMin ? same.map((event) => [event]) : [same];
    let before = events[at - 1];
    for (const part of parts) {
      runs.push({ key: part[0]!.seq, events: part, before });
      before = part.at(-1);
    }
    at = end;
  }
  return runs;
}
