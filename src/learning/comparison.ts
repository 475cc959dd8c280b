/** How two lifecycles judge the same messages: which are in a state by both, and which by one of them alone. */
import { type TrialState, trialStates } from "./dry-run.ts";

/** Ids of each list in `StateDifference`. */
const samplesMax = 10;

/** Messages that are in one state, by the lifecycle that is tried (`new`) and by the one in force (`current`). */
export interface StateDifference {
  readonly both: number;
  readonly onlyNew: number;
  readonly onlyCurrent: number;
  /** Ids of some of them, the latest first. */
  readonly samplesOnlyNew: readonly string[];
  readonly samplesOnlyCurrent: readonly string[];
}

export type StateDifferences = Readonly<Record<TrialState, StateDifference>>;

interface Counted extends StateDifference {
  both: number;
  onlyNew: number;
  onlyCurrent: number;
  readonly samplesOnlyNew: string[];
  readonly samplesOnlyCurrent: string[];
}

export class Comparison {
  readonly #states = Object.fromEntries(
    trialStates.map((state): [string, Counted] => [
      state,
      { both: 0, onlyNew: 0, onlyCurrent: 0, samplesOnlyNew: [], samplesOnlyCurrent: [] },
    ]),
  ) as Record<TrialState, Counted>;

  /** Counts a message, by its two states. */
  add(messageId: string, tried: TrialState, current: TrialState): void {
    if (tried === current) {
      this.#states[tried].both += 1;
      return;
    }
    const [gained, lost] = [this.#states[tried], this.#states[current]];
    gained.onlyNew += 1;
    lost.onlyCurrent += 1;
    if (gained.samplesOnlyNew.length < samplesMax) gained.samplesOnlyNew.push(messageId);
    if (lost.samplesOnlyCurrent.length < samplesMax) lost.samplesOnlyCurrent.push(messageId);
  }

  result(): StateDifferences {
    return this.#states;
  }
}
