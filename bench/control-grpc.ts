/** The least that a server can do for a gRPC call: a bare `node:http2` stream, decoded and answered. Nothing is kept. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { EventRequestSchema, EventResponseSchema } from "../src/gen/event_pb.ts";

const server = createServer();
server.on("stream", (stream: ServerHttp2Stream) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    if (stream.destroyed) return;
    const request = fromBinary(EventRequestSchema, Buffer.concat(chunks).subarray(5));
    const message = toBinary(
      EventResponseSchema,
      create(EventResponseSchema, { success: request.event !== "" }),
    );
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frame);
  });
  stream.on("error", () => undefined);
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`control is up: grpc 127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
