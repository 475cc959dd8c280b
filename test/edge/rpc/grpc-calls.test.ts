import { afterEach, expect, test } from "bun:test";
import { type ClientHttp2Stream, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, type ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { connectionPeer } from "../../../src/edge/rpc/connection-peer.ts";
import { rpcError } from "../../../src/edge/rpc/error.ts";
import { GrpcCalls, type GrpcCallsOptions } from "../../../src/edge/rpc/grpc-calls.ts";
import { respondError } from "../../../src/edge/rpc/grpc-status.ts";
import { Shares } from "../../../src/runtime/shares.ts";
import type { Stats } from "../../../src/runtime/stats.ts";
import { destroyServer, startBareServer } from "../../support/http2.ts";
import { startMars } from "../../support/mars.ts";
import { statsWhen } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { rpcClients } from "./clients.ts";
import { WireClient } from "./wire.ts";

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A server whose calls end only when they are refused; those of `/stream` may be quiet. */
async function start(max: number, options: GrpcCallsOptions = {}) {
  const shares = new Shares({ max });
  const calls = new GrpcCalls(shares, options);
  const server = await startBareServer({
    onStream(stream) {
      const full = calls.enter(
        stream,
        connectionPeer(stream.connection),
        stream.headers[":path"] === "/stream",
      );
      if (full === undefined) stream.read({ data() {}, end() {} });
      else respondError(stream, rpcError(full, log));
    },
  });
  open.push({
    destroy() {
      calls.close();
      destroyServer(server);
    },
  });
  return { port: server.port, shares };
}

function client(port: number, localAddress = "127.0.0.1") {
  const session = connect(`http://127.0.0.1:${port}`, {
    createConnection: () => connectTcp({ port, host: "127.0.0.1", localAddress }),
  });
  session.on("error", () => undefined);
  open.push(session);
  return {
    session,
    call(path: string): ClientHttp2Stream {
      const stream = session.request({ ":path": path, ":method": "POST" });
      stream.on("error", () => undefined);
      stream.resume();
      return stream;
    },
  };
}

/** With what a call ended. */
function ended(stream: ClientHttp2Stream): Promise<ConnectError | undefined> {
  return new Promise((resolve) => {
    stream.once("response", (headers) => {
      const texts = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
      resolve(findTrailerError(new Headers(texts.map(([name, value]) => [name, String(value)]))));
    });
    stream.once("close", () => resolve(undefined));
  });
}

test("a peer that begins calls without an end leaves others theirs, and gets a time to try again", async () => {
  const { port, shares } = await start(16);
  const greedy = client(port);
  const calls = Array.from({ length: 40 }, () => greedy.call("/call"));
  const refusals = await Promise.all(calls.slice(8).map(ended));
  expect(new Set(refusals.map((error) => error?.code))).toEqual(new Set([Code.ResourceExhausted]));
  expect(refusals[0]?.details).toMatchObject([{ type: "google.rpc.RetryInfo" }]);
  client(port, "127.0.0.2").call("/call");
  await until(() => shares.stats.peers === 2);
  expect(shares.stats).toMatchObject({ held: 9, refused: 32 });
  greedy.session.destroy();
  await until(() => shares.stats.held === 1);
});

test("a call of which nothing comes is ended in time; one that has begun, and a stream, are not", async () => {
  const { port, shares } = await start(16, { quietMs: 50 });
  const { call } = client(port);
  const begun = call("/call");
  begun.write("x");
  call("/stream");
  await until(() => shares.stats.held === 2);
  const silent = await Promise.all([call("/call"), call("/call")].map(ended));
  expect(silent.map((error) => error?.code)).toEqual([Code.DeadlineExceeded, Code.DeadlineExceeded]);
  await until(() => shares.stats.held === 2);
});

for (const kind of ["calls", "streams"] as const) {
  test(`large batches that wait for room do not stop those on the same connection that have it: ${kind}`, async () => {
    await using mars = await startMars({ limitBodyBytes: 1_500_000 });
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` });
    const { ingest } = rpcClients(transport);
    const events = Array.from({ length: 100 }, (_, n) => ({
      ...{ appId: "a", messageId: `${n}`, event: "e" },
      attributes: { pad: "x".repeat(7_000) },
    }));
    async function* batches() {
      yield { events };
    }
    const accepted = async () => {
      if (kind === "calls") return (await ingest.collectEvents({ events })).accepted;
      const answers = ingest.collectStream(batches())[Symbol.asyncIterator]();
      return (await answers.next()).value?.accepted;
    };
    const all = await Promise.all(Array.from({ length: 12 }, accepted));
    expect(all).toEqual(all.map(() => events.length));
  });
}

test("Mars counts its calls until they end", async () => {
  await using mars = await startMars();
  const held = (count: number) => (stats: Stats) => stats.shares.requests?.held === count;
  using client = new WireClient(mars.grpcPort);
  const path = "/mars.v1.IngestService/CollectEvent";
  const call = client.call({ path, chunks: [Buffer.from([0])], end: false });
  await statsWhen(mars.url, held(1));
  client.session.destroy();
  await call.catch(() => undefined);
  await statsWhen(mars.url, held(0));
});
