/** Events over Connect on port 4000, by cleartext HTTP/2. */
import { create, toBinary } from "@bufbuild/protobuf";
import { CollectEventRequestSchema } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { atLeast, compare } from "../compare.ts";
import { messageId, newRun } from "../events.ts";
import { h2load } from "../load/h2load.ts";
import type { Scenario } from "../scenario.ts";

export const connectUnary: Scenario = {
  name: "connect-unary",
  tools: ["h2load"],
  run(bench) {
    const message = create(CollectEventRequestSchema, {
      appId: "bench",
      messageId: messageId(0, newRun()),
      event: "Hello",
    });
    const load = h2load({
      path: "/mars.v1.IngestService/CollectEvent",
      port: ({ httpPort }) => httpPort,
      headers: ["content-type: application/proto", "connect-protocol-version: 1"],
      body: toBinary(CollectEventRequestSchema, message),
      connections: 50,
      streams: 1,
      seconds: bench.seconds(),
      directory: bench.directory,
    });
    const control = { name: "Bun.serve + empty Connect handler", file: "connect.ts", ...atLeast(0.7) };
    // As with gRPC, h2load's events differ by the microsecond of their receipt only, which two may share.
    return compare(bench, { name: "connect-unary", load, distinct: false, controls: [control] });
  },
};
