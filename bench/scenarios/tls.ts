/** Single events by TLS, against the same in cleartext: HTTP/1.1 and HTTP/2 on port 4000, native gRPC. */
import { mkdirSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { CollectEventRequestSchema } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { createServerCertificate, writePair } from "../../test/support/certificates.ts";
import type { Bench } from "../bench.ts";
import { compareVariants } from "../compare-variants.ts";
import { grpcFrame, messageId, newRun } from "../events.ts";
import { h2load } from "../load/h2load.ts";
import type { Load } from "../load/tool.ts";
import { wrk } from "../load/wrk.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";

const ratioMin = 0.7;
/** Of HTTP/2. */
const connections = 16;
const streams = 32;

export const tls: Scenario = {
  name: "tls",
  tools: ["wrk", "h2load"],
  async run(bench) {
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const [name, load] of Object.entries(loads(bench))) {
      const outcome = await compareWithout(bench, name, load);
      rows.push(...outcome.rows);
      faults.push(...outcome.faults);
    }
    return { rows, faults };
  },
};

function loads(bench: Bench): Readonly<Record<string, Load>> {
  const ids = { appId: "bench", messageId: messageId(0, newRun()), event: "CREATED" };
  const { directory } = bench;
  const seconds = bench.seconds();
  const http2 = { connections, streams, seconds, directory };
  const single = { script: "single.lua", eventsPerRequest: 1, seconds };
  const json = { app_id: ids.appId, message_id: ids.messageId, event: ids.event };
  return {
    "tls-rest-http1": wrk({ ...single, connections: 100 }),
    "tls-rest-http2": h2load({
      ...http2,
      path: "/api/event",
      port: ({ httpPort }) => httpPort,
      headers: ["content-type: application/json"],
      body: Buffer.from(JSON.stringify(json)),
    }),
    "tls-grpc-unary": h2load({
      ...http2,
      path: "/mars.v1.IngestService/CollectEvent",
      port: ({ grpcPort }) => grpcPort,
      headers: ["content-type: application/grpc", "te: trailers"],
      body: grpcFrame(toBinary(CollectEventRequestSchema, create(CollectEventRequestSchema, ids))),
    }),
  };
}

async function compareWithout(bench: Bench, name: string, load: Load): Promise<Outcome> {
  const files = bench.newDirectory();
  mkdirSync(files);
  const { tlsCert, tlsKey } = writePair(files, createServerCertificate());
  const env = { MARS_TLS_CERT: tlsCert, MARS_TLS_KEY: tlsKey };
  const [secure, plain] = [await bench.startMars({ env }), await bench.startMars()];
  return compareVariants({
    name,
    ours: { mars: secure, load },
    theirs: { name: "cleartext", mars: plain, load },
    turns: bench.rounds,
    // Over HTTP/2 the same event comes again and again, and two may share the microsecond of their receipt.
    distinct: name.endsWith("http1"),
    ratioMin,
  });
}
