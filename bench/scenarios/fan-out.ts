/** One topic, a thousand subscribers: frames a second that reach them all. */
import { join } from "node:path";
import type { Bench, Server } from "../bench.ts";
import { stopAndVerify } from "../compare.ts";
import { median, number, spreadOf } from "../figures.ts";
import type { FanOut } from "../load/receiver.ts";
import { runTool } from "../load/tool.ts";
import { type Outcome, ratioOf, type Scenario } from "../scenario.ts";

const subscribers = 1_000;
const bar = 0.8;
/** From here on the receiver, which has one thread, has no time left. */
const busyCores = 0.9;

export const fanOut: Scenario = { name: "fan-out", tools: [], run };

interface Measured extends FanOut {
  readonly cpuMicrosPerFrame: number;
}

async function run(bench: Bench): Promise<Outcome> {
  const mars = await bench.startMars();
  const ours = [await measureFanOut(mars, bench.seconds())];
  // The control sends frames as long as those that Mars sent; a head of four bytes is no part of them.
  const frameBytes = Math.round(ours[0]!.bytes / ours[0]!.frames) - 4;
  const control = await bench.startControl("publish.ts", "--frame-bytes", String(frameBytes));
  const theirs = [await measureFanOut(control, bench.seconds())];
  for (let round = 1; round < bench.rounds; round++) {
    ours.push(await measureFanOut(mars, bench.seconds()));
    theirs.push(await measureFanOut(control, bench.seconds()));
  }
  const figures = {
    mars: spreadOf(ours.map(rate)),
    control: { name: "Bun.serve publish", spread: spreadOf(theirs.map(rate)) },
  };
  const cpu = (turns: readonly Measured[]) => median(turns.map((turn) => turn.cpuMicrosPerFrame));
  const peakBytes = { mars: mars.memory().peak, control: control.memory().peak };
  await control.stop();
  const turns = ours.map(({ acknowledged }) => ({ acknowledged, unanswered: 0 }));
  return {
    rows: [
      {
        name: `fan-out, ${number(subscribers)} subscribers`,
        unit: "frames/s",
        ...figures,
        bar: `≥ ${bar}`,
        met: ratioOf(figures) >= bar,
        cpuMicrosPerEvent: { mars: cpu(ours), control: cpu(theirs) },
        peakBytes,
        notes: [
          `CPU is per frame of ${frameBytes} bytes`,
          ...receiverLimit("Mars", ours),
          ...receiverLimit("control", theirs),
        ],
      },
    ],
    faults: await stopAndVerify(mars, { name: "fan-out", turns, distinct: true }),
  };
}

async function measureFanOut(server: Server, seconds: number): Promise<Measured> {
  const file = join(import.meta.dir, "../load/receiver.ts");
  const before = server.cpuSeconds();
  const { text } = await runTool([
    process.execPath,
    file,
    String(server.httpPort),
    String(subscribers),
    "all",
    String(seconds),
  ]);
  const turn = JSON.parse(text) as FanOut;
  return { ...turn, cpuMicrosPerFrame: ((server.cpuSeconds() - before) * 1e6) / turn.frames };
}

function rate({ frames, seconds }: FanOut): number {
  return frames / seconds;
}

function receiverLimit(who: string, turns: readonly FanOut[]): string[] {
  const cores = median(turns.map((turn) => turn.cores));
  return cores < busyCores ? [] : [`${who}: the receiver was the limit (${number(cores)} cores)`];
}
