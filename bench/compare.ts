/** The usual scenario: Mars and its controls under the same load in turns, and a count of what is stored at the end. */
import type { Bench, Mars, Server } from "./bench.ts";
import { median, spreadOf } from "./figures.ts";
import { type Load, type Turn, toolWasLimit } from "./load/tool.ts";
import { type Outcome, type Row, ratioOf } from "./scenario.ts";
import { countStored, findFaults, type Stored } from "./verify.ts";

export interface Comparison {
  readonly name: string;
  readonly load: Load;
  /** Whether the load never sends an event twice. */
  readonly distinct: boolean;
  readonly controls: readonly Control[];
}

export interface Control {
  readonly name: string;
  /** In `bench/controls`. */
  readonly file: string;
  readonly bar: string;
  /** Whether the row reaches the bar. */
  met(row: Pick<Row, "mars" | "control">): boolean;
}

/** A bar for the ratio to the control. */
export function atLeast(ratio: number): Pick<Control, "bar" | "met"> {
  return { bar: `≥ ${ratio}`, met: (row) => ratioOf(row) >= ratio };
}

/** One turn, with what it cost the server. */
export interface MeasuredTurn extends Turn {
  /** Acknowledged events a second. */
  readonly rate: number;
  /** What the server used while under load. */
  readonly serverCores: number;
  /** The whole price of an event, storing it included. */
  readonly cpuMicrosPerEvent: number;
}

/** Runs the load and waits until `caughtUp`: an event that is acknowledged and not stored has caused only some of its cost. */
export async function measure(
  server: Server,
  load: Load,
  caughtUp: () => Promise<unknown> = async () => {},
): Promise<MeasuredTurn> {
  const before = server.cpuSeconds();
  const turn = await load(server);
  const loaded = server.cpuSeconds();
  await caughtUp();
  const micros = (server.cpuSeconds() - before) * 1e6;
  return {
    ...turn,
    rate: turn.acknowledged / turn.seconds,
    serverCores: (loaded - before) / turn.seconds,
    cpuMicrosPerEvent: micros / turn.acknowledged,
  };
}

/** Mars first, then each control, and again: machines are shared, and what disturbs one turn should disturb its neighbour. */
export async function compare(bench: Bench, comparison: Comparison): Promise<Outcome> {
  const { name, load, distinct, controls } = comparison;
  const mars = await bench.startMars();
  const started = await Promise.all(controls.map(({ file }) => bench.startControl(file)));
  const ours: MeasuredTurn[] = [];
  const theirs: MeasuredTurn[][] = controls.map(() => []);
  for (let round = 0; round < bench.rounds; round++) {
    ours.push(await measure(mars, load, mars.caughtUp));
    for (const [n, control] of started.entries()) theirs[n]!.push(await measure(control, load));
  }
  const rows = controls.map((control, n): Row => {
    const row = {
      mars: spreadOf(ours.map(({ rate }) => rate)),
      control: { name: control.name, spread: spreadOf(theirs[n]!.map(({ rate }) => rate)) },
    };
    return {
      ...row,
      name,
      unit: "events/s",
      bar: control.bar,
      met: control.met(row),
      ...costs(ours, theirs[n]),
      peakBytes: { mars: mars.memory().peak, control: started[n]!.memory().peak },
      notes: [...limits("Mars", ours), ...limits("control", theirs[n]!)],
    };
  });
  await Promise.all(started.map((control) => control.stop()));
  return { rows, faults: await stopAndVerify(mars, { name, turns: ours, distinct }) };
}

/** The medians of latency and CPU. */
export function costs(
  ours: readonly MeasuredTurn[],
  theirs: readonly MeasuredTurn[] = [],
): Required<Pick<Row, "p50" | "p99" | "cpuMicrosPerEvent">> {
  const pair = (figure: (turn: MeasuredTurn) => number) => ({
    mars: median(ours.map(figure)),
    ...(theirs.length > 0 && { control: median(theirs.map(figure)) }),
  });
  return {
    p50: pair(({ p50 }) => p50),
    p99: pair(({ p99 }) => p99),
    cpuMicrosPerEvent: pair(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
  };
}

/** In how many turns the load tool held the server up, if in any. */
export function limits(who: string, turns: readonly MeasuredTurn[]): string[] {
  const words = turns
    .map((turn) => toolWasLimit(turn, turn.serverCores))
    .filter((text) => text !== undefined);
  return words.length === 0 ? [] : [`${who}: ${words[0]} in ${words.length} of ${turns.length} turns`];
}

export interface Sent {
  readonly name: string;
  readonly turns: readonly Pick<Turn, "acknowledged" | "unanswered">[];
  readonly distinct: boolean;
  /** What was stored before Mars was started. */
  readonly before?: Stored;
}

/** Stops Mars and compares what is in its database with what was acknowledged. */
export async function stopAndVerify(mars: Mars, { name, turns, distinct, before }: Sent): Promise<string[]> {
  const { totals } = await mars.caughtUp();
  await mars.stop();
  return findFaults({
    name,
    before: before ?? { events: 0, duplicates: 0 },
    after: await countStored(mars.dataDir),
    acknowledged: turns.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    unanswered: turns.reduce((sum, { unanswered }) => sum + unanswered, 0),
    accepted: totals.accepted,
    distinct,
  });
}
