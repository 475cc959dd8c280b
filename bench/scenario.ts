/** A scenario, and the rows that it yields. */
import type { Bench } from "./bench.ts";
import { number, type Spread, spreadText } from "./figures.ts";

export interface Scenario {
  readonly name: string;
  /** Programs that have to be installed. */
  readonly tools: readonly string[];
  run(bench: Bench): Promise<Outcome>;
}

export interface Outcome {
  readonly rows: readonly Row[];
  /** Lost or doubled events and other faults: each is a FAIL. A missed bar is not. */
  readonly faults: readonly string[];
}

/** A line of the table. Figures that a scenario does not have are left out. */
export interface Row {
  readonly name: string;
  /** What `mars` and `control` count. */
  readonly unit: string;
  readonly mars: Spread;
  readonly control?: { readonly name: string; readonly spread: Spread };
  /** In words, for the reader. */
  readonly bar: string;
  readonly met?: boolean;
  /** Milliseconds. */
  readonly p50?: Pair;
  readonly p99?: Pair;
  readonly cpuMicrosPerEvent?: Pair;
  readonly peakBytes?: Pair;
  readonly notes?: readonly string[];
}

/** Medians over the rounds. */
export interface Pair {
  readonly mars: number;
  readonly control?: number;
}

export const tableHead = [
  "| scenario | unit | Mars: median (min–max) | control: median (min–max) | ratio | bar | met | p50 ms | p99 ms | CPU µs/event | peak MB | notes |",
  "|---|---|---|---|---|---|---|---|---|---|---|---|",
].join("\n");

export function rowText(row: Row): string {
  const { control } = row;
  const cells = [
    row.name,
    row.unit,
    spreadText(row.mars),
    control === undefined ? "–" : `${control.name}: ${spreadText(control.spread)}`,
    control === undefined ? "–" : number(ratioOf(row)),
    row.bar,
    row.met === undefined ? "–" : row.met ? "met" : "missed",
    pairText(row.p50),
    pairText(row.p99),
    pairText(row.cpuMicrosPerEvent),
    pairText(row.peakBytes, 1e6),
    row.notes?.join("; ") || "–",
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Mars' median to the control's. */
export function ratioOf({ mars, control }: Pick<Row, "mars" | "control">): number {
  return control === undefined ? Number.NaN : mars.median / control.spread.median;
}

function pairText(pair: Pair | undefined, unit = 1): string {
  if (pair === undefined) return "–";
  const mars = number(pair.mars / unit);
  return pair.control === undefined ? mars : `${mars} (control ${number(pair.control / unit)})`;
}
