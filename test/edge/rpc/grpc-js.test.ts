import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { BadRequestSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Fields, grpcFailure, grpcJsClients, methods, unary } from "./clients.ts";

let mars: TestMars;
let clients: ReturnType<typeof grpcJsClients>;
beforeAll(async () => {
  mars = await startMars();
  clients = grpcJsClients(mars);
});
afterAll(async () => {
  for (const client of Object.values(clients)) client.close();
  await mars[Symbol.asyncDispose]();
});

/** Takes what a stream brings, one message at a time; after the last one, its error. */
function reader(stream: grpc.ClientReadableStream<Fields>): () => Promise<Fields> {
  const messages: Fields[] = [];
  let error: unknown;
  let wake = () => {};
  stream.on("data", (message: Fields) => {
    messages.push(message);
    wake();
  });
  stream.on("error", (thrown) => {
    error = thrown;
    wake();
  });
  return async () => {
    while (messages.length === 0 && error === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const message = messages.shift();
    if (message === undefined) throw error;
    return message;
  };
}

describe("@grpc/grpc-js", () => {
  test("makes the original's call", async () => {
    const request = { app_id: "a", message_id: "m", event: "Hello", created_at: "Hello" };
    expect(await unary(clients.legacy, "collectEvent", request)).toEqual({ success: true });
  });

  test("reads back what it sent, with unknown metadata", async () => {
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const metadata = new grpc.Metadata();
    metadata.set("x-request-id", "1");
    metadata.set("x-trace-bin", Buffer.from([0, 255]));
    const { seq } = await unary(clients.ingest, "CollectEvent", { ...ids, event: "e" }, {}, metadata);
    const answer = await unary(clients.messages, "GetMessage", { ...ids, min_seq: seq });
    expect(answer).toMatchObject({ message: { summary: ids, events: [{ event: "e", seq }] } });
  });

  test("sends and receives gzip", async () => {
    const gzip = grpcJsClients(mars, {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    });
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const events = Array.from({ length: 500 }, (_, i) => ({ ...ids, event: "stage", event_id: `${i}` }));
    const { seq } = await unary(gzip.ingest, "CollectEvents", { events });
    const { message } = await unary(gzip.messages, "GetMessage", { ...ids, min_seq: seq });
    expect((message as { events: unknown[] }).events).toHaveLength(500);
    for (const client of Object.values(gzip)) client.close();
  });

  test("gets the fields at fault in the status details", async () => {
    const error = await grpcFailure(unary(clients.ingest, "CollectEvent", { app_id: "a", message_id: "" }));
    expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
    const status = fromBinary(StatusSchema, error.metadata.get("grpc-status-details-bin")[0] as Buffer);
    expect(status).toMatchObject({ code: grpc.status.INVALID_ARGUMENT, message: error.details });
    const [detail] = status.details.map((any) => anyUnpack(any, BadRequestSchema));
    expect(detail?.fieldViolations.map(({ field }) => field)).toEqual(["message_id", "event"]);
  });

  test("gets NOT_FOUND for a message that is not there", async () => {
    const error = await grpcFailure(
      unary(clients.messages, "GetMessage", { app_id: "a", message_id: randomUUID() }),
    );
    expect(error.code).toBe(grpc.status.NOT_FOUND);
  });

  test("gives up at its deadline", async () => {
    const request = { app_id: "a", message_id: "m", min_seq: 1_000_000_000 };
    const error = await grpcFailure(
      unary(clients.messages, "GetMessage", request, { deadline: Date.now() + 50 }),
    );
    expect(error.code).toBe(grpc.status.DEADLINE_EXCEEDED);
  });

  test("watches a topic until it cancels", async () => {
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const watch = methods(clients.messages).WatchEvents!({ topic: `apps/${ids.app_id}` });
    const next = reader(watch);
    expect(await next()).toMatchObject({ started: { recovered: true } });
    const { seq } = await unary(clients.ingest, "CollectEvent", { ...ids, event: "seen" });
    expect(await next()).toMatchObject({ batch: { events: [{ ...ids, event: "seen", seq }] } });
    watch.cancel();
    expect(await grpcFailure(next())).toMatchObject({ code: grpc.status.CANCELLED });
  });

  test("has its watch ended at its deadline", async () => {
    const watch = methods(clients.messages).WatchEvents!({ topic: "all" }, { deadline: Date.now() + 100 });
    const next = reader(watch);
    await next();
    expect(await grpcFailure(next())).toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
  });

  test("streams batches and gets acknowledgements in order", async () => {
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const stream = methods(clients.ingest).CollectStream!();
    const acks: Fields[] = [];
    stream.on("data", (ack: Fields) => acks.push(ack));
    const ended = new Promise<void>((resolve, reject) => {
      stream.on("end", resolve);
      stream.on("error", reject);
    });
    for (let batch = 1; batch <= 50; batch++) {
      stream.write({
        batch_id: batch,
        events: [
          { ...ids, event: "e", event_id: `${batch}` },
          { ...ids, event: "" },
        ],
      });
    }
    stream.end();
    await ended;
    expect(acks.map(({ batch_id }) => batch_id)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(acks[0]).toMatchObject({ accepted: 1, rejected: 1, errors: [{ index: 1, field: "event" }] });
    const seqs = acks.map(({ seq }) => Number(seq));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    const { message } = await unary(clients.messages, "GetMessage", { ...ids, min_seq: seqs.at(-1) });
    expect((message as { events: unknown[] }).events).toHaveLength(50);
  });

  test("gets each acknowledgement while the stream is still open", async () => {
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const stream = methods(clients.ingest).CollectStream!();
    const next = reader(stream);
    for (let batch = 1; batch <= 3; batch++) {
      stream.write({ batch_id: batch, events: [{ ...ids, event: "e", event_id: `${batch}` }] });
      expect(await next()).toMatchObject({ batch_id: batch, accepted: 1 });
    }
    stream.write({ batch_id: 4, events: Array.from({ length: 10_001 }, () => ({})) });
    expect(await grpcFailure(next())).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
  });
});
