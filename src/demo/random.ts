/** Random numbers that are the same for the same seed. */

export interface Random {
  /** From 0 up to, but not including, 1. */
  unit(): number;
  /** From `low` up to, but not including, `high`. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** Log-normal, as the times of services are: half are below `typical`, one in a hundred is above `high`. */
  spread(typical: number, high: number): number;
  /** The time from one to the next of things that come independently, `mean` apart. */
  gap(mean: number): number;
}

/** @param seed a whole number; its lowest 32 bits count */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  // Mulberry32, by Tommy Ettinger.
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  return {
    unit,
    between: (low, high) => low + (high - low) * unit(),
    chance: (probability) => unit() < probability,
    pick: (choices) => choices[Math.floor(unit() * choices.length)]!,
    // 2.326 standard deviations leave one in a hundred above.
    spread: (typical, high) => typical * Math.exp((Math.log(high / typical) / 2.326) * normal()),
    gap: (mean) => -Math.log(1 - unit()) * mean,
  };
}
