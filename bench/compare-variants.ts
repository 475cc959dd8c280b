/** Two Mars that differ in one thing, under the same load in turns, and a count of what each has stored. */
import type { Mars } from "./bench.ts";
import { atLeast, costs, limits, type MeasuredTurn, measure, stopAndVerify } from "./compare.ts";
import { spreadOf } from "./figures.ts";
import type { Load } from "./load/tool.ts";
import type { Outcome } from "./scenario.ts";

export interface Variant {
  readonly mars: Mars;
  readonly load: Load;
}

export interface VariantComparison {
  readonly name: string;
  readonly ours: Variant;
  readonly theirs: Variant & { readonly name: string };
  readonly turns: number;
  /** Whether the load never sends an event twice. */
  readonly distinct: boolean;
  /** The bar for the ratio of ours to theirs. */
  readonly ratioMin: number;
}

export async function compareVariants({
  name,
  ours,
  theirs,
  turns,
  distinct,
  ratioMin,
}: VariantComparison): Promise<Outcome> {
  const measured: [MeasuredTurn[], MeasuredTurn[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    for (const [n, { mars, load }] of [ours, theirs].entries()) {
      measured[n]!.push(await measure(mars, load, mars.caughtUp));
    }
  }
  const [own, other] = measured;
  const rates = {
    mars: spreadOf(own.map(({ rate }) => rate)),
    control: { name: theirs.name, spread: spreadOf(other.map(({ rate }) => rate)) },
  };
  const { bar, met } = atLeast(ratioMin);
  const row = {
    ...rates,
    name,
    unit: "events/s",
    bar,
    met: met(rates),
    ...costs(own, other),
    peakBytes: { mars: ours.mars.memory().peak, control: theirs.mars.memory().peak },
    notes: [...limits("Mars", own), ...limits(theirs.name, other)],
  };
  const faults = [
    ...(await stopAndVerify(ours.mars, { name, turns: own, distinct })),
    ...(await stopAndVerify(theirs.mars, { name, turns: other, distinct })),
  ];
  return { rows: [row], faults };
}
