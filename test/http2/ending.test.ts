/** How connections end: at a stop, after a silence, by a fault of what is served. */
import { afterEach, expect, test } from "bun:test";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { listenByBun } from "../../src/http2/bun-transport.ts";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import { listenByNode } from "../../src/http2/node-transport.ts";
import type { Http2ServerOptions } from "../../src/http2/server.ts";
import type { Stream } from "../../src/http2/stream.ts";
import { createServerCertificate } from "../support/certificates.ts";
import { destroyServer, okBlock, startBareServer } from "../support/http2.ts";
import { until } from "../support/until.ts";
import {
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  preface,
  request,
  settings,
  uint32,
  Wire,
} from "./wire.ts";

type Server = Awaited<ReturnType<typeof startBareServer>>;

const servers: Server[] = [];
let held: Stream[] = [];

afterEach(() => {
  held = [];
  for (const server of servers.splice(0)) destroyServer(server);
});

async function start(options: Partial<Http2ServerOptions> = {}): Promise<Server> {
  const server = await startBareServer({ onStream: (stream) => held.push(stream), ...options });
  servers.push(server);
  return server;
}

const lastStream = (wire: Wire) =>
  wire.frames.filter(({ type }) => type === "GOAWAY").map(({ payload }) => payload.readUInt32BE(0));

test("6.8 a stop serves what was begun, and says of what was begun too late that it was not", async () => {
  const server = await start();
  using wire = Wire.open(server.port);
  wire.send(headers(1));
  await until(() => held.length === 1);
  const closed = server.close();
  const ping = await wire.next("PING");
  expect(lastStream(wire)).toEqual([2 ** 31 - 1]);
  // It has not seen the end yet: served.
  wire.send(headers(3), frame("PING", { flags: 1, payload: ping.payload }));
  await until(() => lastStream(wire).length === 2);
  expect(lastStream(wire)).toEqual([2 ** 31 - 1, 3]);
  wire.send(headers(5));
  await wire.handled();
  expect(held.map(({ id }) => id)).toEqual([1, 3]);
  for (const stream of held) stream.end(okBlock);
  expect(await wire.ended()).toBe("NO_ERROR");
  expect(lastStream(wire).at(-1)).toBe(3);
  expect(wire.frames.filter(({ type }) => type === "HEADERS").map(({ stream }) => stream)).toEqual([1, 3]);
  await closed;
});

test("a client that answers no PING is asked to go all the same", async () => {
  const server = await start();
  using wire = Wire.open(server.port);
  await wire.handled();
  const closed = server.close();
  expect(await wire.ended()).toBe("NO_ERROR");
  await closed;
});

test("a client that goes in the middle of a call closes its stream", async () => {
  const server = await start();
  const wire = Wire.open(server.port);
  wire.send(headers(1, request, END_HEADERS), data(1, "x"));
  await until(() => held.length === 1);
  const [stream] = held;
  let closes = 0;
  stream?.onClose(() => closes++);
  wire[Symbol.dispose]();
  await until(() => stream?.isClosed === true);
  expect(closes).toBe(1);
  // Now nothing has an effect.
  stream?.answer(okBlock, Buffer.from("x"), okBlock);
  stream?.write(Buffer.from("x"));
  stream?.reset(8);
  await stream?.drained();
  expect([closes, server.connections.size]).toEqual([1, 0]);
});

test("a fault of what is served ends the connection, and no other", async () => {
  const server = await start({
    onStream(stream) {
      if (stream.headers[":path"] === "/") throw new Error("a fault");
      stream.end(okBlock);
    },
  });
  using other = Wire.open(server.port);
  await other.handled();
  using wire = Wire.open(server.port);
  wire.send(headers(1));
  expect(await wire.ended()).toBe("INTERNAL_ERROR");
  expect(server.faults).toHaveLength(1);
  other.send(
    headers(
      1,
      request.map(([name, value]) => [name, name === ":path" ? "/other" : value]),
    ),
  );
  await other.next("HEADERS", 1);
});

test("a connection that may not stay learns why", async () => {
  const server = await start({ admit: () => false });
  using wire = Wire.open(server.port);
  expect(await wire.ended()).toBe("ENHANCE_YOUR_CALM");
  expect(wire.frames[0]?.type).toBe("SETTINGS");
  using stays = new Wire(server.port);
  stays.pause();
  await until(() => server.connections.size === 1);
  await until(() => server.connections.size === 0, undefined, 1_000);
});

const slow: readonly (readonly [name: string, begin: Buffer, step: Buffer])[] = [
  ["no preface", Buffer.alloc(0), Buffer.alloc(0)],
  ["a preface without settings", preface, Buffer.alloc(0)],
  [
    "a header block that does not end",
    Buffer.concat([preface, settings(), headers(1, request, 0)]),
    Buffer.alloc(0),
  ],
  [
    "a frame that comes byte by byte",
    Buffer.concat([preface, settings(), frame("HEADERS", { stream: 1, length: 9_000 })]),
    Buffer.from([0]),
  ],
];

for (const [name, begin, step] of slow) {
  test(`${name} ends the connection in time`, async () => {
    const server = await start({ times: { handshakeMs: 100, frameMs: 100 } });
    using wire = new Wire(server.port);
    wire.send(begin);
    const timer = setInterval(() => wire.send(step), 50);
    try {
      expect(await wire.ended()).toBe("ENHANCE_YOUR_CALM");
    } finally {
      clearInterval(timer);
    }
  });
}

test("a client that is gone without a word is found by a PING; one that answers stays", async () => {
  const server = await start({ times: { keepAliveMs: 100, keepAliveAnswerMs: 1_500 } });
  using silent = Wire.open(server.port);
  silent.send(headers(1, request, END_HEADERS));
  const client = connect(`http://127.0.0.1:${server.port}`);
  client.on("error", () => undefined);
  client.request({ ":method": "POST", ":path": "/" }).on("error", () => undefined);
  await until(() => held.length === 2);
  await silent.next("PING");
  await until(() => silent.isClosed);
  expect(server.connections.size).toBe(1);
  client.destroy();
});

test("a long body that nobody reads stops its client, and goes on where it is read", async () => {
  const server = await start();
  const client = connect(`http://127.0.0.1:${server.port}`);
  const call = client.request({ ":method": "POST", ":path": "/" });
  const bytes = 3_000_000;
  call.end(Buffer.alloc(bytes, 7));
  await until(() => held.length === 1);
  const [stream] = held;
  await Bun.sleep(50);
  let read = 0;
  await new Promise<void>((resolve) =>
    stream?.read({ data: (chunk) => (read += chunk.length), end: resolve }),
  );
  expect(read).toBe(bytes);
  const answer = Buffer.alloc(2_000_000, 5);
  stream?.respond(okBlock);
  stream?.write(answer);
  stream?.end();
  let came = 0;
  for await (const chunk of call) came += (chunk as Buffer).length;
  expect(came).toBe(answer.length);
  client.destroy();
});

for (const [name, listen] of [
  ["Bun", listenByBun],
  ["Node", listenByNode],
] as const) {
  test(`by ${name}'s sockets, TLS needs h2 to be negotiated, and a port that is taken is an error`, async () => {
    const pair = createServerCertificate();
    const server = await start({
      ...{ listen, tls: { ...pair, handshakeMs: 1_000 } },
      onStream: (stream) => stream.end(okBlock),
    });
    const client = connect(`https://127.0.0.1:${server.port}`, { ca: pair.cert });
    const status = await new Promise((resolve, reject) => {
      client.on("error", reject);
      client
        .request({ ":path": "/" })
        .on("response", (headers) => resolve(headers[":status"]))
        .end();
    });
    expect(status).toBe(200);
    client.destroy();
    const refused = await fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca: pair.cert } }).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(Error);
    expect(start({ listen, port: server.port })).rejects.toThrow();
  });
}

test("a request's end is passed on once, however often it is paused and resumed", async () => {
  const server = await start();
  using wire = Wire.open(server.port);
  wire.send(headers(1, request, END_HEADERS), data(1, "body"), data(1, "", END_STREAM));
  await until(() => held.length === 1);
  await wire.handled();
  const seen: string[] = [];
  const [stream] = held;
  stream?.read({ data: (chunk) => seen.push(chunk.toString()), end: () => seen.push("end") });
  for (let n = 0; n < 3; n++) {
    stream?.pause();
    stream?.resume();
  }
  expect(seen).toEqual(["body", "end"]);
});

test("6.9 one stream that is not read leaves others of its connection theirs", async () => {
  const server = await start({
    onStream(stream) {
      if (stream.headers[":path"] === "/") stream.pause();
      else stream.read({ data() {}, end: () => stream.end(okBlock) });
    },
  });
  using wire = Wire.open(server.port);
  wire.send(
    headers(1, request, END_HEADERS),
    ...Array.from({ length: 4 }, () => data(1, "x".repeat(16_000))),
  );
  const path = request.map(([name, value]) => [name, name === ":path" ? "/other" : value] as const);
  wire.send(
    headers(3, path, END_HEADERS),
    data(3, "x", END_STREAM),
    frame("WINDOW_UPDATE", { payload: uint32(1) }),
  );
  await wire.next("HEADERS", 3);
});

test("6.9 what is left of a connection's window goes round, however much of it nobody reads", async () => {
  const windowBytes = 65_535;
  const server = await start({
    connectionWindowBytes: 4 * windowBytes,
    onStream(stream) {
      if (stream.headers[":path"] === "/held") return void held.push(stream);
      stream.read({ data() {}, end: () => stream.end(okBlock) });
    },
  });
  const client = connect(`http://127.0.0.1:${server.port}`);
  client.on("error", () => undefined);
  await new Promise((resolve) => client.once("remoteSettings", resolve));
  for (let n = 0; n < 3; n++) {
    const call = client.request({ ":method": "POST", ":path": "/held" });
    call.on("error", () => undefined);
    call.write(Buffer.alloc(windowBytes));
  }
  await until(() => held.length === 3);
  const call = client.request({ ":method": "POST", ":path": "/" });
  call.end(Buffer.alloc(1_000_000));
  expect(await new Promise((resolve) => call.on("response", (head) => resolve(head[":status"])))).toBe(200);
  client.destroy();
});

test("6.9 streams that are set aside take nothing of the connection's window, and are read behind that", async () => {
  const windowBytes = 65_535;
  const connectionWindowBytes = 4 * windowBytes;
  const lengths = new Map<string | undefined, number>();
  const server = await start({
    connectionWindowBytes,
    onStream(stream) {
      const path = stream.headers[":path"];
      stream.read({
        data: (chunk) => lengths.set(path, (lengths.get(path) ?? 0) + chunk.length),
        end: () => stream.end(okBlock),
      });
      if (path !== "/aside") return;
      stream.pause();
      held.push(stream);
    },
  });
  using wire = Wire.open(server.port);
  const piece = Buffer.alloc(windowBytes / 5);
  const pieces = (stream: number, count: number) => Array.from({ length: count }, () => data(stream, piece));
  const at = (path: string) =>
    request.map(([name, value]) => [name, name === ":path" ? path : value] as const);
  const given = () =>
    wire.frames
      .filter(({ type, stream }) => type === "WINDOW_UPDATE" && stream === 0)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), windowBytes - connectionWindowBytes);
  // Before it is set aside something has come, and the rest behind it.
  for (let id = 1; id < 20; id += 2) {
    wire.send(headers(id, at("/aside"), END_HEADERS), ...pieces(id, 2));
    await wire.handled();
    held.at(-1)?.setAside();
    wire.send(...pieces(id, 3));
  }
  wire.send(headers(21, at("/other"), END_HEADERS), ...pieces(21, 5), data(21, "", END_STREAM));
  await wire.next("HEADERS", 21);
  const [cancelled] = held;
  cancelled?.reset(8);
  for (const stream of held) stream.resume();
  for (let id = 3; id < 20; id += 2) wire.send(data(id, "", END_STREAM));
  await wire.next("HEADERS", 19);
  expect(Object.fromEntries(lengths)).toEqual({ "/aside": 9 * windowBytes, "/other": windowBytes });
  // Each byte was given back, and none of them twice.
  const sent = 11 * windowBytes;
  expect(given()).toBeLessThanOrEqual(sent);
  expect(given()).toBeGreaterThan(sent - connectionWindowBytes / 2);
});

test("answers of all calls in one turn do not end the connection of a client that reads", async () => {
  const calls = 1_000;
  const long = encodeFields([
    [":status", "200"],
    ["x", "y".repeat(4_000)],
  ]);
  const server = await start({ streamsMax: calls });
  using wire = Wire.open(server.port);
  for (let n = 0; n < calls; n++) wire.send(headers(2 * n + 1));
  await until(() => held.length === calls);
  for (const stream of held) stream.end(long);
  await wire.next("HEADERS", 2 * calls - 1);
  expect(wire.frames.filter(({ type }) => type === "HEADERS")).toHaveLength(calls);
});

test("handshakes that do not end are broken off for others, the oldest first", async () => {
  const pair = createServerCertificate();
  const server = await start({
    tls: { ...pair, handshakeMs: 10_000 },
    onStream: (stream) => stream.end(okBlock),
  });
  const closed: number[] = [];
  const silent = Array.from({ length: 1_100 }, (_, n) => {
    const socket = connectTcp(server.port, "127.0.0.1");
    socket.on("error", () => undefined).on("close", () => closed.push(n));
    return socket;
  });
  await until(() => closed.length >= 76);
  const client = connect(`https://127.0.0.1:${server.port}`, { ca: pair.cert });
  client.on("error", () => undefined);
  const status = await new Promise((resolve) => {
    client
      .request({ ":path": "/" })
      .on("response", (headers) => resolve(headers[":status"]))
      .end();
  });
  expect(status).toBe(200);
  client.destroy();
  for (const socket of silent) socket.destroy();
});
