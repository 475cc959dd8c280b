/** The least that a server can do for gRPC: bare `node:http2` streams, decoded and answered. Nothing is kept. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { EventRequestSchema, EventResponseSchema } from "../../src/gen/event_pb.ts";
import {
  CollectEventsRequestSchema,
  CollectEventsResponseSchema,
  CollectStreamRequestSchema,
  CollectStreamResponseSchema,
} from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { grpcFrame } from "../events.ts";

/** One message in, one message out; a stream is many of them. */
const methods: Readonly<Record<string, (message: Uint8Array) => Uint8Array>> = {
  "/MarsWeb.GrpcService.MarsGrpc/collectEvent": (message) => {
    const success = fromBinary(EventRequestSchema, message).event !== "";
    return toBinary(EventResponseSchema, create(EventResponseSchema, { success }));
  },
  "/mars.v1.IngestService/CollectEvents": (message) => {
    const accepted = fromBinary(CollectEventsRequestSchema, message).events.length;
    return toBinary(CollectEventsResponseSchema, create(CollectEventsResponseSchema, { accepted, seq: 1n }));
  },
  "/mars.v1.IngestService/CollectStream": (message) => {
    const { batchId, events } = fromBinary(CollectStreamRequestSchema, message);
    const answer = create(CollectStreamResponseSchema, { batchId, accepted: events.length, seq: 1n });
    return toBinary(CollectStreamResponseSchema, answer);
  },
};

const server = createServer();
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  const method = methods[headers[":path"] ?? ""];
  if (method === undefined) {
    stream.respond({ ":status": 404 }, { endStream: true });
    return;
  }
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    if (stream.destroyed) return;
    const answers = messagesOf(Buffer.concat(chunks)).map((message) => grpcFrame(method(message)));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(answers.length === 1 ? answers[0] : Buffer.concat(answers));
  });
  // A load tool that stops leaves its streams behind; no client is left to answer.
  stream.on("error", () => undefined);
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`control is up: grpc 127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

function messagesOf(body: Buffer): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
