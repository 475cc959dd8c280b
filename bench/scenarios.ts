/** Every scenario there is, in the order in which they run. */
import type { Scenario } from "./scenario.ts";
import { ageing } from "./scenarios/ageing.ts";
import { backup } from "./scenarios/backup.ts";
import { brokers } from "./scenarios/brokers.ts";
import { connectUnary } from "./scenarios/connect.ts";
import { fanOut } from "./scenarios/fan-out.ts";
import {
  grpcEvents,
  grpcStream,
  grpcUnaryGhz,
  grpcUnaryManyConnections,
  grpcUnaryManyStreams,
} from "./scenarios/grpc.ts";
import { latency } from "./scenarios/latency.ts";
import { lifecycleIngestBulk, lifecycleIngestSingle } from "./scenarios/lifecycle-ingest.ts";
import { lifecycleMonth } from "./scenarios/lifecycle-month.ts";
import { lifecycleRaise } from "./scenarios/lifecycle-raise.ts";
import { memory } from "./scenarios/memory.ts";
import { reading } from "./scenarios/reading.ts";
import { readingLoad } from "./scenarios/reading-load.ts";
import { reads } from "./scenarios/reads.ts";
import { restBulk, restSingle } from "./scenarios/rest.ts";
import { restKey } from "./scenarios/rest-key.ts";
import { start } from "./scenarios/start.ts";
import { sustained } from "./scenarios/sustained.ts";
import { tls } from "./scenarios/tls.ts";

export const scenarios: readonly Scenario[] = [
  restSingle,
  restBulk,
  restKey,
  sustained,
  grpcUnaryManyConnections,
  grpcUnaryManyStreams,
  grpcUnaryGhz,
  grpcEvents,
  grpcStream,
  connectUnary,
  tls,
  latency,
  fanOut,
  ageing,
  backup,
  ...brokers,
  reading,
  readingLoad,
  reads,
  lifecycleIngestSingle,
  lifecycleIngestBulk,
  lifecycleRaise,
  lifecycleMonth,
  start,
  memory,
];

/** The scenarios of a name, or of a group: `grpc` is all that begin with `grpc-`. All of them when none is named. */
export function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  const chosen = names.map((name) => {
    const found = scenarios.filter((one) => one.name === name || one.name.startsWith(`${name}-`));
    if (found.length > 0) return found;
    throw new Error(`no scenario ${name}; there are ${scenarios.map((one) => one.name).join(", ")}`);
  });
  return names.length === 0 ? scenarios : [...new Set(chosen.flat())];
}
