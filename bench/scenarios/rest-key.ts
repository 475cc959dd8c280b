/** Single events of a caller with a key, against the same without one. */
import type { Bench } from "../bench.ts";
import { compareVariants } from "../compare-variants.ts";
import { wrk } from "../load/wrk.ts";
import type { Outcome, Scenario } from "../scenario.ts";

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
  return compareVariants({
    name,
    ours: { mars: keyed, load: wrk({ ...load, args: ["", `Bearer ${token}`] }) },
    theirs: { name: "without a key", mars: open, load: wrk(load) },
    turns: bench.rounds * turnsPerRound,
    distinct: true,
    ratioMin,
  });
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
