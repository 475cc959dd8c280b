import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type ServiceError, status } from "@grpc/grpc-js";
import { data, END_HEADERS, END_STREAM, headers, request, Wire } from "../../http2/wire.ts";
import { startMars } from "../../support/mars.ts";
import { statsWhen } from "../../support/rest.ts";
import { failure, grpcJsClients, rpcClients, unary } from "./clients.ts";
import { WireClient } from "./wire.ts";

function clientsOf(port: number) {
  return rpcClients(createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
}

describe("stopping", () => {
  test("ends what clients watch and stream into with UNAVAILABLE, after the acknowledgements", async () => {
    await using mars = await startMars();
    const { ingest, messages } = clientsOf(mars.grpcPort);
    const watch = messages.watchEvents({ topic: "all" })[Symbol.asyncIterator]();
    await watch.next();
    const requests = createWritableIterable<{ events: object[] }>();
    const acks = ingest.collectStream(requests)[Symbol.asyncIterator]();
    await requests.write({ events: [{ appId: "a", messageId: "m", event: "e" }] });
    expect((await acks.next()).value).toMatchObject({ accepted: 1 });
    expect((await watch.next()).value).toMatchObject({ item: { case: "batch" } });
    const ends = Promise.all([failure(watch.next()), failure(acks.next())]);
    await mars.stop();
    expect((await ends).map(({ code }) => code)).toEqual([Code.Unavailable, Code.Unavailable]);
    const late = await failure(ingest.collectEvent({ appId: "a", messageId: "m", event: "late" }));
    expect(late.code).toBe(Code.Unavailable);
  });

  test("answers every call that was under way, and keeps what it answered", async () => {
    await using mars = await startMars();
    const clients = grpcJsClients(mars);
    const ids = { app_id: randomUUID(), message_id: randomUUID() };
    const calls = Array.from({ length: 300 }, (_, i) =>
      unary(clients.ingest, "CollectEvent", { ...ids, event: "e", event_id: `${i}` }).then(
        ({ seq }) => Number(seq),
        (error) => error as ServiceError,
      ),
    );
    await Promise.race(calls);
    await mars.stop();
    const answers = await Promise.all(calls);
    const seqs = answers.filter((answer) => typeof answer === "number");
    const errors = answers.filter((answer) => typeof answer !== "number");
    expect(errors.filter(({ code }) => code !== status.UNAVAILABLE)).toEqual([]);
    for (const client of Object.values(clients)) client.close();
    await using again = await mars.restart();
    const { messages } = clientsOf(again.grpcPort);
    const { message } = await messages.getMessage({
      appId: ids.app_id,
      messageId: ids.message_id,
      minSeq: BigInt(Math.max(...seqs)),
    });
    const stored = new Set(message?.events.map(({ seq }) => Number(seq)));
    expect(seqs.filter((seq) => !stored.has(seq))).toEqual([]);
  });
});

test("a client that reads the answer of its last call late, at a stop, still gets it", async () => {
  await using mars = await startMars();
  using wire = Wire.open(mars.grpcPort);
  const fields = [
    ...[...request].filter(([name]) => name !== ":path"),
    [":path", "/mars.v1.IngestService/CollectEvent"],
    ["content-type", "application/grpc"],
  ] as const;
  wire.send(headers(1, fields, END_HEADERS));
  await wire.handled();
  const stopped = mars.stop();
  // Within the time that idle clients have; read long behind it.
  await Bun.sleep(200);
  wire.pause();
  wire.send(data(1, Buffer.alloc(5), END_STREAM));
  await Bun.sleep(900);
  wire.resume();
  await wire.next("HEADERS", 1);
  await stopped;
});

test("a call that never ends is cut off when the time to stop is over", async () => {
  const mars = await startMars({ shutdownTimeoutMs: 50 });
  using client = new WireClient(mars.grpcPort);
  const stream = client.session.request({
    ":method": "POST",
    ":path": "/mars.v1.IngestService/CollectEvent",
    "content-type": "application/grpc",
  });
  stream.on("error", () => {});
  stream.write(Buffer.from([0, 0]));
  // A call on the same connection: when it is answered, the one before it has arrived.
  const unknown = await client.call({ path: "/unknown", chunks: [] });
  expect(unknown.status).toBe(status.UNIMPLEMENTED);
  const closed = new Promise((resolve) => stream.on("close", resolve));
  // The call has used up the time for all parts: on a busy machine a thread ends late, which is an error of the stop.
  const stopped = mars[Symbol.asyncDispose]().catch(() => undefined);
  await closed;
  await stopped;
});

test("clients that go away in the middle of a message are no errors in the log", async () => {
  const errors: unknown[] = [];
  const nothing = () => undefined;
  const log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (...line: unknown[]) => errors.push(line),
  };
  await using mars = await startMars({}, log);
  const services = [
    "IngestService/CollectStream",
    "IngestService/CollectEvents",
    "MessageService/WatchEvents",
  ];
  using leaving = new WireClient(mars.grpcPort);
  const calls = services.map((service) =>
    leaving.call({ path: `/mars.v1.${service}`, chunks: [Buffer.from([0, 0, 0, 1, 0, 10])], end: false }),
  );
  const ends = Promise.allSettled(calls);
  await statsWhen(mars.url, ({ shares }) => shares.requests?.held === 3);
  leaving.session.destroy();
  await ends;
  await statsWhen(mars.url, ({ shares }) => shares.requests?.held === 0);
  expect(errors).toEqual([]);
});
