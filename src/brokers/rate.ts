/** Counts how many messages come in a second, on the average of the last seconds. */
/** Those that are looked at. */
const windowSeconds = 10;

export class Rate {
  /** By second, round and round. */
  readonly #counts = new Array<number>(windowSeconds).fill(0);
  readonly #now: () => number;
  #second: number;
  readonly #began: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#second = Math.floor(now() / 1_000);
    this.#began = this.#second;
  }

  count(messages: number): void {
    this.#move();
    this.#counts[this.#second % windowSeconds]! += messages;
  }

  /** Of the whole seconds in the window. */
  perSecond(): number {
    this.#move();
    const current = this.#second % windowSeconds;
    const seconds = Math.min(windowSeconds - 1, this.#second - this.#began);
    if (seconds === 0) return this.#counts[current] ?? 0;
    const sum = this.#counts.reduce((total, count, at) => (at === current ? total : total + count), 0);
    return Math.round(sum / seconds);
  }

  #move(): void {
    const second = Math.floor(this.#now() / 1_000);
    for (let at = Math.max(this.#second + 1, second - windowSeconds + 1); at <= second; at++)
      this.#counts[at % windowSeconds] = 0;
    this.#second = second;
  }
}
