/** Messages to learn from, in columns: two hundred thousand of them take some tens of megabytes. */
import type { Micros } from "../core/event.ts";
import type { MessageHistory } from "./history.ts";

export const sampleMessagesMax = 200_000;
const sampleEventsMax = 2_000_000;
/** Bound on distinct names; later ones count as left out. */
const namesMax = 64;

/** When some messages had some names. Names are known by their places in `names`. */
export interface Observations {
  readonly names: readonly string[];
  readonly rows: number;
  /** `columns[name][row]`; `NaN` where the message did not have it. */
  readonly columns: readonly Float64Array[];
}

/** Without all rows but the first. */
export function firstRows({ names, columns }: Observations, rows: number): Observations {
  return { names, rows, columns: columns.map((column) => column.subarray(0, rows)) };
}

export class Sample {
  /** By number; a message's row names its events by these. */
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();
  #times = new Float64Array(1_024);
  #events = new Uint8Array(1_024);
  #deliveries = new Float32Array(1_024);
  #length = 0;
  /** Where each message begins, and at the end where the last one ends. */
  readonly #starts: number[] = [0];
  /** Messages that had a name beyond `namesMax`, by nothing but their number. */
  #unnamed = 0;

  get messages(): number {
    return this.#starts.length - 1;
  }

  get full(): boolean {
    return this.messages >= sampleMessagesMax || this.#length >= sampleEventsMax;
  }

  get unnamed(): number {
    return this.#unnamed;
  }

  add({ events: given }: MessageHistory): void {
    if (this.full) return;
    const events = given.every(({ at }, index) => index === 0 || at >= given[index - 1]!.at)
      ? given
      : given.toSorted((a, b) => a.at - b.at);
    let unnamed = false;
    for (const { event, at, receivedAt } of events) {
      const number = this.#numberOf(event);
      if (number === undefined) unnamed = true;
      else this.#push(number, at, receivedAt - at);
    }
    if (unnamed) this.#unnamed += 1;
    if (this.#length > this.#starts.at(-1)!) this.#starts.push(this.#length);
  }

  /** From when each event happened to when it was received, in microseconds. A copy. */
  get deliveries(): Float32Array {
    return this.#deliveries.slice(0, this.#length);
  }

  /** A message's events in the order of their times, each name once. At least one. */
  eventsOf(message: number): { readonly names: Uint8Array; readonly times: Float64Array } {
    const [from, to] = [this.#starts[message]!, this.#starts[message + 1]!];
    return { names: this.#events.subarray(from, to), times: this.#times.subarray(from, to) };
  }

  /** The first and the last time of every message. */
  spans(): { readonly first: Float64Array; readonly last: Float64Array } {
    const first = new Float64Array(this.messages).fill(Number.POSITIVE_INFINITY);
    const last = new Float64Array(this.messages).fill(Number.NEGATIVE_INFINITY);
    for (let message = 0; message < this.messages; message++) {
      for (let at = this.#starts[message]!; at < this.#starts[message + 1]!; at++) {
        const time = this.#times[at]!;
        if (time < first[message]!) first[message] = time;
        if (time > last[message]!) last[message] = time;
      }
    }
    return { first, last };
  }

  /** How many of the messages have each name, by its number. */
  counts(messages: Uint32Array): Float64Array {
    const counts = new Float64Array(this.names.length);
    for (const message of messages) {
      for (let at = this.#starts[message]!; at < this.#starts[message + 1]!; at++)
        counts[this.#events[at]!]! += 1;
    }
    return counts;
  }

  /** When each of the messages had the name; `NaN` where it did not. */
  column(name: number, messages: Uint32Array): Float64Array {
    const column = new Float64Array(messages.length).fill(Number.NaN);
    for (const [row, message] of messages.entries()) {
      for (let at = this.#starts[message]!; at < this.#starts[message + 1]!; at++) {
        if (this.#events[at] === name) column[row] = this.#times[at]!;
      }
    }
    return column;
  }

  #numberOf(name: string): number | undefined {
    const known = this.#numbers.get(name);
    if (known !== undefined || this.names.length >= namesMax) return known;
    this.#numbers.set(name, this.names.length);
    this.names.push(name);
    return this.names.length - 1;
  }

  #push(number: number, at: Micros, delivery: Micros): void {
    if (this.#length === this.#times.length) {
      const times = new Float64Array(this.#length * 2);
      times.set(this.#times);
      this.#times = times;
      const events = new Uint8Array(this.#length * 2);
      events.set(this.#events);
      this.#events = events;
      const deliveries = new Float32Array(this.#length * 2);
      deliveries.set(this.#deliveries);
      this.#deliveries = deliveries;
    }
    this.#deliveries[this.#length] = delivery;
    this.#times[this.#length] = at;
    this.#events[this.#length] = number;
    this.#length += 1;
  }
}

/** The value below which `percent` of the sorted values are, by nearest rank. */
export function percentileOf(sorted: Float64Array, percent: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))]!;
}
