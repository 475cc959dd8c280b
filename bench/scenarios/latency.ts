/** How long an answer and a live frame take at half of the rate that saturates the machine. */
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { type MeasuredTurn, measure, stopAndVerify } from "../compare.ts";
import { eventJson, eventsPerMessage, messageId, newRun, stages } from "../events.ts";
import { median, number, spreadOf } from "../figures.ts";
import type { Probe } from "../load/probe.ts";
import { runTool } from "../load/tool.ts";
import { vegeta } from "../load/vegeta.ts";
import type { Outcome, Scenario } from "../scenario.ts";

const saturatingSeconds = 3;
/** As many as wrk has connections in `rest-single`. */
const saturatingWorkers = 100;
/** More than vegeta can send, one event a request. */
const saturatingRateMax = 50_000;
/** No request of the open loop ever waits for a worker. */
const openWorkers = 5_000;
/** So long that the store does all of its work beside the answers, merging included. */
const usualSeconds = 20;

export const latency: Scenario = { name: "latency", tools: ["vegeta"], run };

/**
 * Both rates are vegeta's: it shares the machine with Mars, so half of what the two do together leaves half of the machine
 * idle. Half of wrk's rate, which is made with a fraction of the CPU, would saturate vegeta instead of Mars.
 */
async function run(bench: Bench): Promise<Outcome> {
  const mars = await bench.startMars();
  const seconds = bench.seconds(usualSeconds);
  const saturated = await measure(
    mars,
    load(bench, { seconds: saturatingSeconds, workers: saturatingWorkers }),
    mars.caughtUp,
  );
  const rate = Math.floor(saturated.rate / 2);
  const turns: MeasuredTurn[] = [];
  const probes: Probe[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const open = load(bench, { seconds, workers: openWorkers, rate });
    let probe: Promise<Probe> | undefined;
    const turn = await measure(
      mars,
      async (target) => {
        probe = startProbe(mars.url, seconds);
        return open(target);
      },
      mars.caughtUp,
    );
    turns.push(turn);
    if (probe !== undefined) probes.push(await probe);
  }
  const peakBytes = { mars: mars.memory().peak };
  const probed = probes.map(({ acknowledged }) => ({ acknowledged, unanswered: 0 }));
  const faults = await stopAndVerify(mars, {
    name: "latency",
    turns: [saturated, ...turns, ...probed],
    distinct: true,
  });
  const missing = probes.reduce((sum, probe) => sum + probe.missing, 0);
  if (missing > 0) faults.push(`latency: ${missing} acknowledged events were not published`);
  const notes = [`offered ${number(rate)} events/s, half of vegeta's ${number(saturated.rate)}`];
  const reached = median(turns.map((turn) => turn.rate));
  if (reached < rate * 0.95) notes.push(`vegeta was the limit: it sent ${number(reached)} events/s`);
  const common = { unit: "events/s", mars: spreadOf(turns.map((turn) => turn.rate)), notes };
  const acknowledged = row(turns, { p50: 3, p99: 15 });
  const live = row(probes, { p50: 10, p99: 40 });
  const cpuMicrosPerEvent = { mars: median(turns.map((turn) => turn.cpuMicrosPerEvent)) };
  return {
    rows: [
      { name: "latency, acknowledgement", ...common, ...acknowledged, cpuMicrosPerEvent, peakBytes },
      { name: "latency, sent → frame at a WebSocket", ...common, ...live },
    ],
    faults,
  };
}

function row(turns: readonly { readonly p50: number; readonly p99: number }[], bar: (typeof turns)[number]) {
  const p50 = { mars: median(turns.map((turn) => turn.p50)) };
  const p99 = { mars: median(turns.map((turn) => turn.p99)) };
  const met = p50.mars <= bar.p50 && p99.mars <= bar.p99;
  return { p50, p99, met, bar: `p50 ≤ ${bar.p50} ms, p99 ≤ ${bar.p99} ms` };
}

function load(
  bench: Bench,
  options: { readonly seconds: number; readonly workers: number; readonly rate?: number },
) {
  const run = newRun();
  return vegeta({
    ...options,
    url: ({ httpPort }) => `http://127.0.0.1:${httpPort}/api/event`,
    headers: { "Content-Type": ["application/json"] },
    body: (request) => {
      const stage = request % eventsPerMessage;
      return Buffer.from(
        eventJson(messageId(Math.floor(request / eventsPerMessage), run), stages[stage]!, stage),
      );
    },
    eventsPerRequest: 1,
    requests: (options.rate ?? saturatingRateMax) * options.seconds,
    directory: bench.directory,
  });
}

async function startProbe(url: string, seconds: number): Promise<Probe> {
  const file = join(import.meta.dir, "../load/probe.ts");
  const { text } = await runTool([process.execPath, file, url, String(seconds)]);
  return JSON.parse(text) as Probe;
}
