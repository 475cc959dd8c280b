/** Single events of a caller with a key, against the same without one. */
import type { Bench } from "../bench.ts";
import { costs, limits, type MeasuredTurn, measure, stopAndVerify } from "../compare.ts";
import { spreadOf } from "../figures.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, type Row, ratioOf, type Scenario } from "../scenario.ts";

const name = "rest-key";
const ratioMin = 0.95;
/** The rounds are doubled: the difference is smaller than what one round differs from the next by. */
const turnsPerRound = 2;

export const restKey: Scenario = { name, tools: ["wrk"], run };

async function run(bench: Bench): Promise<Outcome> {
  // Else callers without a key, the bench among them, would be refused from the first key on.
  const env = { MARS_ANONYMOUS: "1" };
  const [keyed, open] = [await bench.startMars({ env }), await bench.startMars({ env })];
  const load = { script: "single.lua", connections: 100, eventsPerRequest: 1, seconds: bench.seconds() };
  const token = await makeKey(keyed.url);
  const withKey = wrk({ ...load, args: ["", `Bearer ${token}`] });
  const without = wrk(load);
  const ours: MeasuredTurn[] = [];
  const theirs: MeasuredTurn[] = [];
  for (let turn = 0; turn < bench.rounds * turnsPerRound; turn++) {
    ours.push(await measure(keyed, withKey, keyed.caughtUp));
    theirs.push(await measure(open, without, open.caughtUp));
  }
  const rates = {
    mars: spreadOf(ours.map(({ rate }) => rate)),
    control: { name: "without a key", spread: spreadOf(theirs.map(({ rate }) => rate)) },
  };
  const row: Row = {
    ...rates,
    name,
    unit: "events/s",
    bar: `≥ ${ratioMin}`,
    met: ratioOf(rates) >= ratioMin,
    ...costs(ours, theirs),
    peakBytes: { mars: keyed.memory().peak, control: open.memory().peak },
    notes: [...limits("Mars", ours), ...limits("without a key", theirs)],
  };
  const faults = [
    ...(await stopAndVerify(keyed, { name, turns: ours, distinct: true })),
    ...(await stopAndVerify(open, { name, turns: theirs, distinct: true })),
  ];
  return { rows: [row], faults };
}

async function makeKey(url: string): Promise<string> {
  const response = await fetch(`${url}/api/keys`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "ad", apps: ["*"], name: "bench" }),
  });
  const { token } = (await response.json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`no key was made: ${response.status}`);
  return token;
}
