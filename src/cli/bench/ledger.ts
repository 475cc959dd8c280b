/** What is known of each event of a load: how its call ended, and how often it is stored. A byte for each. */

/** `unanswered`: it may be stored, or not. */
export type Outcome = "acknowledged" | "refused" | "unanswered";

const marks: Readonly<Record<Outcome, number>> = { acknowledged: 1, refused: 2, unanswered: 3 };
const seenOnce = 4;
const seenTwice = 8;
const outcomeBits = 3;
const beginBytes = 16 * 1024;

export interface Verdict {
  /** Events that Mars has. */
  readonly stored: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There more than once, or reported more than once by Mars' own count. */
  readonly doubled: number;
  /** Refused, and there all the same. */
  readonly refusedAndStored: number;
  /** There, and never sent by this load. */
  readonly unknown: number;
}

export class Ledger {
  readonly #connections: { bytes: Uint8Array; count: number }[];
  #unknown = 0;

  /** @param connections how many connections send, each by itself */
  constructor(connections: number) {
    this.#connections = Array.from({ length: connections }, () => ({
      bytes: new Uint8Array(beginBytes),
      count: 0,
    }));
  }

  /** How many events a connection has begun. */
  count(connection: number): number {
    return this.#connections[connection]!.count;
  }

  /** Notes the end of the call of the connection's next events. */
  note(connection: number, events: number, outcome: Outcome): void {
    const one = this.#connections[connection]!;
    const end = one.count + events;
    if (end > one.bytes.length) {
      const larger = new Uint8Array(Math.max(end, one.bytes.length * 2));
      larger.set(one.bytes);
      one.bytes = larger;
    }
    one.bytes.fill(marks[outcome], one.count, end);
    one.count = end;
  }

  /** Notes an event that is stored, by its place among those of its connection. @param repeated whether Mars had it more than once */
  seen(connection: number, place: number, repeated: boolean): void {
    const one = this.#connections[connection];
    if (one === undefined || !Number.isInteger(place) || place < 0 || place >= one.count) {
      this.#unknown++;
      return;
    }
    const before = one.bytes[place]!;
    one.bytes[place] = before | (repeated || (before & seenOnce) !== 0 ? seenOnce | seenTwice : seenOnce);
  }

  verdict(): Verdict {
    let [stored, lost, doubled, refusedAndStored] = [0, 0, 0, 0];
    for (const { bytes, count } of this.#connections) {
      for (let place = 0; place < count; place++) {
        const byte = bytes[place]!;
        const there = (byte & seenOnce) !== 0;
        if (there) stored++;
        if (!there && (byte & outcomeBits) === marks.acknowledged) lost++;
        if ((byte & seenTwice) !== 0) doubled++;
        if (there && (byte & outcomeBits) === marks.refused) refusedAndStored++;
      }
    }
    return { stored, lost, doubled, refusedAndStored, unknown: this.#unknown };
  }
}
