/** Events over native gRPC: the original's call, and the batches of the new API. */
import { create, toBinary } from "@bufbuild/protobuf";
import { EventRequestSchema } from "../../src/gen/event_pb.ts";
import type { Bench } from "../bench.ts";
import { atLeast, type Control, compare } from "../compare.ts";
import {
  createBody,
  encodeCollectEvents,
  encodeCollectStream,
  eventsPerMessage,
  grpcFrame,
  messageId,
  newRun,
} from "../events.ts";
import { ghz } from "../load/ghz.ts";
import { h2load } from "../load/h2load.ts";
import type { Load } from "../load/tool.ts";
import { vegeta } from "../load/vegeta.ts";
import type { Scenario } from "../scenario.ts";

const bare = { name: "bare node:http2", file: "grpc.ts" };
const adapter = { name: "connectNodeAdapter", file: "connect-node.ts" };

/** Events a second, of batches. */
const batchRate = 400_000;
const batchBar: Pick<Control, "bar" | "met"> = {
  bar: "≥ 400,000/s",
  met: ({ mars }) => mars.median >= batchRate,
};

const batchMessages = 100;
const batchEvents = batchMessages * eventsPerMessage;
/** In one call of `CollectStream`. */
const batchesPerStream = 10;
/** Twice what the control decodes; a turn that sends more ends early, which changes no rate. */
const batchRateMax = 1_000_000;

export const grpcUnaryManyConnections = unary("grpc-unary-c50-m1", 0.9, (bench) =>
  callWithH2load(bench, 50, 1),
);
export const grpcUnaryManyStreams = unary("grpc-unary-c10-m50", 2.5, (bench) =>
  callWithH2load(bench, 10, 50),
);
export const grpcUnaryGhz = unary("grpc-unary-ghz-c50", 0.6, (bench) =>
  ghz({ concurrency: 50, seconds: bench.seconds() }),
);

export const grpcEvents = batches("grpc-collect-events", "CollectEvents", 1, encodeCollectEvents);
export const grpcStream = batches("grpc-collect-stream", "CollectStream", batchesPerStream, (ids) =>
  encodeCollectStream(ids, batchMessages),
);

/** @param ratio the bar beside bare `node:http2` */
function unary(name: string, ratio: number, load: (bench: Bench) => Load): Scenario {
  const tool = name.includes("ghz") ? "ghz" : "h2load";
  return {
    name,
    tools: [tool],
    run: (bench) =>
      compare(bench, {
        name,
        load: load(bench),
        // h2load's events differ by the microsecond of their receipt only, which two may share.
        distinct: tool === "ghz",
        controls: [
          { ...bare, ...atLeast(ratio) },
          { ...adapter, ...atLeast(3) },
        ],
      }),
  };
}

/** The original's sample call. */
function callWithH2load(bench: Bench, connections: number, streams: number): Load {
  const message = create(EventRequestSchema, {
    appId: "bench",
    messageId: messageId(0, newRun()),
    event: "Hello",
    createdAt: "Hello",
  });
  return h2load({
    path: "/MarsWeb.GrpcService.MarsGrpc/collectEvent",
    port: ({ grpcPort }) => grpcPort,
    headers: ["content-type: application/grpc", "te: trailers"],
    body: grpcFrame(toBinary(EventRequestSchema, message)),
    connections,
    streams,
    seconds: bench.seconds(),
    directory: bench.directory,
  });
}

/** Batches of 500 events of distinct messages, `batchCount` in a call. */
function batches(
  name: string,
  method: string,
  batchCount: number,
  encode: (ids: readonly string[]) => Uint8Array,
): Scenario {
  return {
    name,
    tools: ["vegeta"],
    run(bench) {
      const messages = batchMessages * batchCount;
      const events = batchEvents * batchCount;
      const body = createBody(encode, { messages, run: newRun() });
      const load = vegeta({
        url: ({ grpcPort }) => `http://127.0.0.1:${grpcPort}/mars.v1.IngestService/${method}`,
        headers: { "Content-Type": ["application/grpc"], TE: ["trailers"] },
        body: (request) => body(request * messages),
        eventsPerRequest: events,
        seconds: bench.seconds(),
        http2: true,
        workers: 8,
        requests: Math.ceil((batchRateMax * bench.seconds()) / events),
        directory: bench.directory,
      });
      return compare(bench, { name, load, distinct: true, controls: [{ ...bare, ...batchBar }] });
    },
  };
}
