/** Events over REST, one a request and in bulk. */
import { atLeast, type Control, compare } from "../compare.ts";
import { wrk } from "../load/wrk.ts";
import { ratioOf, type Scenario } from "../scenario.ts";

const hono = { name: "empty Hono handler", file: "http.ts" };

const bulkRate = 300_000;
const bulkControlRate = 1_500_000;

/** A figure where the machine is as fast as the one that it was set for, and the same as a ratio where it is not. */
const bulkBar: Pick<Control, "bar" | "met"> = {
  bar: "≥ 300,000/s where the control does ≥ 1,500,000/s, else ≥ 0.2",
  met: (row) =>
    row.control !== undefined && row.control.spread.median >= bulkControlRate
      ? row.mars.median >= bulkRate
      : ratioOf(row) >= bulkRate / bulkControlRate,
};

export const restSingle: Scenario = {
  name: "rest-single",
  tools: ["wrk"],
  run: (bench) =>
    compare(bench, {
      name: "rest-single",
      load: wrk({
        script: "single.lua",
        connections: 100,
        eventsPerRequest: 1,
        seconds: bench.seconds(),
      }),
      distinct: true,
      controls: [{ ...hono, ...atLeast(0.65) }],
    }),
};

export const restBulk: Scenario = {
  name: "rest-bulk",
  tools: ["wrk"],
  run: (bench) =>
    compare(bench, {
      name: "rest-bulk",
      load: wrk({ script: "bulk.lua", connections: 8, eventsPerRequest: 500, seconds: bench.seconds() }),
      distinct: true,
      controls: [{ ...hono, ...bulkBar }],
    }),
};
