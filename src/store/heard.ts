/** What a stretch of events says: of each message by itself, and of all of them in numbers. */
import type { Micros } from "../event/event.ts";
import type { Tally } from "./tally.ts";
import type { EventRow, MessageRow, TimeRow } from "./tracker-sql.ts";

/** What was heard of a message. */
export interface Heard {
  readonly message: number;
  readonly appId: string;
  /** The message's earliest time by now. */
  readonly openedAt: Micros;
  /** The earliest time of each event. */
  readonly times: Map<string, Micros>;
  /** These are all of its events, and what was known of it counts no more. */
  readonly anew: boolean;
}

export interface HeardRows {
  readonly events: readonly EventRow[];
  readonly messages: readonly MessageRow[];
  /** Of the messages that are taken in anew. */
  readonly anew: readonly TimeRow[];
}

/**
 * Counts the events, and gathers those of each message.
 *
 * @param followed whether anybody asks more of an app's messages than how many there are
 */
export function hear(rows: HeardRows, followed: (appId: string) => boolean, tally: Tally): Iterable<Heard> {
  const messages = new Map(rows.messages.map((row) => [row[0], row]));
  const heard = new Map<number, Heard>();
  const add = ([message, appId, openedAt]: MessageRow, event: string, at: Micros, anew: boolean) => {
    let one = heard.get(message);
    if (one === undefined) {
      one = { message, appId, openedAt, times: new Map(), anew };
      heard.set(message, one);
    }
    const known = one.times.get(event);
    if (known === undefined || at < known) one.times.set(event, at);
  };
  for (const [message, event, at] of rows.anew) {
    const of = messages.get(message);
    if (of !== undefined && followed(of[1])) add(of, event, at, true);
  }
  for (const [message, event, at, seq] of rows.events) {
    const of = messages.get(message);
    // Retention never comes before the tracker, so every event has its message.
    if (of === undefined) throw new Error(`event ${seq} belongs to message ${message}, which is not there`);
    tally.event(of[1], event, at, seq === message);
    if (followed(of[1]) && heard.get(message)?.anew !== true) add(of, event, at, false);
  }
  return heard.values();
}
