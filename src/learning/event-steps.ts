/** How often the events of a sample come together, and how often another comes behind them. Names are places in `Sample.names`. */
import type { Micros } from "../core/event.ts";
import { areExclusive } from "./name-pairs.ts";
import { percentileOf, type Sample } from "./sample.ts";

/** Fewer messages that are old enough do not show how many go on. */
const agedMin = 30;

/** Messages that chance alone would bring: failures are rare. */
const chanceMin = 2;

export class EventSteps {
  readonly sample: Sample;
  readonly messages: Uint32Array;
  readonly #until: Micros;
  readonly #width: number;
  /** By name: the messages that have it. */
  readonly #having: readonly (readonly number[])[];
  /** `[a * width + b]`: how many messages have both. */
  readonly #both: Float64Array;
  /** By name: the time to the next event that 99 % of those take that have a next one. */
  readonly #patience: readonly number[];

  /** @param until how far the sample is known */
  constructor(sample: Sample, until: Micros) {
    this.sample = sample;
    this.messages = Uint32Array.from({ length: sample.messages }, (_, message) => message);
    this.#until = until;
    this.#width = sample.names.length;
    this.#both = new Float64Array(this.#width ** 2);
    const having = sample.names.map((): number[] => []);
    const gaps = sample.names.map((): number[] => []);
    for (const message of this.messages) {
      const { names, times } = sample.eventsOf(message);
      for (const [at, name] of names.entries()) {
        having[name]!.push(message);
        if (at > 0) gaps[names[at - 1]!]!.push(times[at]! - times[at - 1]!);
        for (const other of names) this.#both[name * this.#width + other]!++;
      }
    }
    this.#having = having;
    this.#patience = gaps.map((all) =>
      all.length === 0 ? 0 : percentileOf(Float64Array.from(all).sort(), 99),
    );
  }

  /** All names, the most frequent first. */
  byCount(): number[] {
    return [...this.sample.names.keys()].sort((a, b) => this.count(b) - this.count(a));
  }

  count(name: number): number {
    return this.#having[name]!.length;
  }

  both(name: number, other: number): number {
    return this.#both[name * this.#width + other]!;
  }

  /** Whether hardly any message has both, although chance alone would bring some. */
  exclusive(name: number, other: number): boolean {
    return areExclusive({
      chanceMin,
      counts: [this.count(name), this.count(other)],
      both: this.both(name, other),
      of: this.messages.length,
    });
  }

  /** Messages with the event that have one of the others too. */
  withAny(name: number, others: readonly number[]): number {
    return this.#having[name]!.filter((message) => {
      const { names } = this.sample.eventsOf(message);
      return others.some((other) => names.includes(other));
    }).length;
  }

  /** The share of messages with the event that went on to another, of those that are old enough to have done so. */
  goesOn(name: number): number {
    const before = this.#until - this.#patience[name]!;
    let [aged, agedOn, on] = [0, 0, 0];
    for (const message of this.#having[name]!) {
      const { names, times } = this.sample.eventsOf(message);
      const at = names.indexOf(name);
      const went = at < names.length - 1 ? 1 : 0;
      on += went;
      if (times[at]! > before) continue;
      aged += 1;
      agedOn += went;
    }
    return aged >= agedMin ? agedOn / aged : on / Math.max(1, this.count(name));
  }

  /**
   * Of the messages in which the event is old enough for another to have come behind it: those that have an event of the way,
   * and those in which one comes behind it that mostly does. One that mostly comes before it is behind only where clocks differ.
   *
   * @param onTheWay by name
   */
  around(name: number, onTheWay: readonly boolean[]): { aged: number; opened: number; went: number } {
    const aged = this.#having[name]!.filter((message) => {
      const { names, times } = this.sample.eventsOf(message);
      const at = names.indexOf(name);
      const patience = Math.max(this.#patience[name]!, at > 0 ? this.#patience[names[at - 1]!]! : 0);
      return times[at]! <= this.#until - patience;
    });
    const [together, behind] = [new Float64Array(this.#width), new Float64Array(this.#width)];
    for (const message of aged) {
      const { names } = this.sample.eventsOf(message);
      const at = names.indexOf(name);
      for (const [place, other] of names.entries()) {
        together[other]! += 1;
        if (place > at) behind[other]! += 1;
      }
    }
    const isBehind = onTheWay.map((is, other) => is && behind[other]! >= together[other]! / 2);
    let [opened, went] = [0, 0];
    for (const message of aged) {
      const { names } = this.sample.eventsOf(message);
      if (names.some((other) => onTheWay[other] && !isBehind[other])) opened += 1;
      if (names.subarray(names.indexOf(name) + 1).some((other) => isBehind[other])) went += 1;
    }
    return { aged: aged.length, opened, went };
  }
}
