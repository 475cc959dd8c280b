/** Clients that cost much and bring nothing. Each is ended by a bound, and others are served meanwhile. */
import { afterEach, expect, test } from "bun:test";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import type { Http2ServerOptions } from "../../src/http2/server.ts";
import { destroyServer, okBlock, startBareServer } from "../support/http2.ts";
import { until } from "../support/until.ts";
import {
  ACK,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  PADDED,
  request,
  settings,
  uint32,
  Wire,
} from "./wire.ts";

type Server = Awaited<ReturnType<typeof startBareServer>>;

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    expect(server.faults).toEqual([]);
    destroyServer(server);
  }
});

/** Its calls never end. */
async function start(options: Partial<Http2ServerOptions> = {}): Promise<Server> {
  const server = await startBareServer({
    onStream: (stream) => stream.read({ data() {}, end() {} }),
    ...options,
  });
  servers.push(server);
  return server;
}

const repeat = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));
const cancel = (stream: number) => frame("RST_STREAM", { stream, payload: uint32(8) });
const open = (stream: number) => headers(stream, request, END_HEADERS);

const floods: readonly (readonly [name: string, make: () => Buffer])[] = [
  ["PING", () => repeat(frame("PING", { payload: Buffer.alloc(8) }), 12_000)],
  ["answers to no PING", () => repeat(frame("PING", { flags: ACK, payload: Buffer.alloc(8) }), 12_000)],
  ["SETTINGS", () => repeat(settings([4, 1000]), 12_000)],
  ["answers to no SETTINGS", () => repeat(frame("SETTINGS", { flags: ACK }), 12_000)],
  ["PRIORITY", () => repeat(frame("PRIORITY", { stream: 3, payload: Buffer.alloc(5) }), 12_000)],
  ["unknown frames", () => repeat(frame(99), 12_000)],
  ["WINDOW_UPDATE", () => repeat(frame("WINDOW_UPDATE", { payload: uint32(1) }), 12_000)],
  ["DATA without data", () => Buffer.concat([open(1), repeat(data(1, ""), 12_000)])],
  [
    "DATA of padding alone",
    () =>
      Buffer.concat([open(1), repeat(frame("DATA", { stream: 1, flags: PADDED, payload: [1, 0] }), 12_000)]),
  ],
  ["DATA on a stream that is over", () => Buffer.concat([open(1), cancel(1), repeat(data(1, "x"), 12_000)])],
  ["RST_STREAM again and again", () => Buffer.concat([open(1), repeat(cancel(1), 12_000)])],
  [
    "streams that are begun and cancelled (rapid reset)",
    () =>
      Buffer.concat(
        Array.from({ length: 3_000 }, (_, n) => Buffer.concat([open(2 * n + 1), cancel(2 * n + 1)])),
      ),
  ],
  [
    "streams that this end must reset",
    () =>
      Buffer.concat(
        Array.from({ length: 3_000 }, (_, n) =>
          Buffer.concat([open(2 * n + 1), frame("WINDOW_UPDATE", { stream: 2 * n + 1, payload: uint32(0) })]),
        ),
      ),
  ],
  [
    "malformed requests",
    () => Buffer.concat(Array.from({ length: 3_000 }, (_, n) => headers(2 * n + 1, [[":path", "/"]]))),
  ],
  [
    "streams beyond the limit",
    () => Buffer.concat(Array.from({ length: 3_000 }, (_, n) => headers(2 * n + 1))),
  ],
  [
    "CONTINUATION without end",
    () => Buffer.concat([headers(1, request, 0), repeat(frame("CONTINUATION", { stream: 1 }), 100)]),
  ],
  [
    "a header block without end",
    () =>
      Buffer.concat([
        headers(1, request, 0),
        repeat(frame("CONTINUATION", { stream: 1, payload: block([["a", "b".repeat(8_000)]]) }), 5),
      ]),
  ],
  [
    "SETTINGS with thousands of settings",
    () => settings(...Array.from({ length: 2_000 }, () => [4, 9] as const)),
  ],
];

for (const [name, make] of floods) {
  test(`${name}: the connection is ended, and others are served`, async () => {
    const server = await start({
      onStream(stream) {
        if (stream.headers[":path"] === "/other") stream.end(okBlock);
        else stream.read({ data() {}, end() {} });
      },
    });
    using wire = Wire.open(server.port);
    using other = Wire.open(server.port);
    wire.send(make());
    expect(await wire.ended()).toBe("ENHANCE_YOUR_CALM");
    other.send(
      headers(
        1,
        request.map(([name, value]) => [name, name === ":path" ? "/other" : value]),
      ),
    );
    expect((await other.next("HEADERS", 1)).flags).toBe(END_HEADERS | END_STREAM);
    await until(() => server.connections.size === 1);
  });
}

test("a new connection brings no new allowance, and another peer has its own", async () => {
  const server = await start({ budgets: { frames: { max: 100, perSecond: 1 } } });
  const pings = repeat(frame("PING", { payload: Buffer.alloc(8) }), 120);
  using first = Wire.open(server.port);
  first.send(pings);
  expect(await first.ended()).toBe("ENHANCE_YOUR_CALM");
  using again = Wire.open(server.port);
  again.send(repeat(frame("PING", { payload: Buffer.alloc(8) }), 20));
  expect(await again.ended()).toBe("ENHANCE_YOUR_CALM");
  using elsewhere = new Wire(server.port, { localAddress: "127.0.0.2" });
  elsewhere.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings());
  await elsewhere.handled();
});

test("calls that end give their client the allowance to cancel others", async () => {
  const server = await start({
    budgets: { resets: { max: 10, perSecond: 0 } },
    onStream: (stream) => void (stream.headers[":path"] === "/hold" || stream.end(okBlock)),
  });
  using wire = Wire.open(server.port);
  const hold = request.map(([name, value]) => [name, name === ":path" ? "/hold" : value] as const);
  for (let n = 0; n < 500; n++) {
    const stream = 4 * n + 1;
    wire.send(headers(stream), headers(stream + 2, hold, END_HEADERS), cancel(stream + 2));
  }
  await wire.handled();
  expect(wire.isClosed).toBe(false);
});

test("a client that reads nothing holds a bounded number of bytes, and is ended in time", async () => {
  const server = await start({
    times: { stallMs: 500 },
    budgets: { frames: { max: 1e9, perSecond: 1 } },
  });
  using wire = Wire.open(server.port);
  await wire.handled();
  wire.pause();
  // As many answers as the sockets of both ends and the bound of the output do not take.
  const pings = repeat(frame("PING", { payload: Buffer.alloc(8) }), 50_000);
  for (let n = 0; n < 20; n++) wire.send(pings);
  await until(() => server.connections.size === 0);
});

test("a window of nothing holds no answer for ever", async () => {
  const server = await start({
    times: { stallMs: 300 },
    onStream: (stream) => stream.answer(okBlock, Buffer.from("answer"), encodeFields([["a", "b"]])),
  });
  using wire = Wire.open(server.port, [4, 0]);
  wire.send(headers(1), headers(3));
  expect(await wire.reset(1)).toBe("ENHANCE_YOUR_CALM");
  expect(await wire.reset(3)).toBe("ENHANCE_YOUR_CALM");
  expect(wire.frames.some(({ type }) => type === "DATA")).toBe(false);
});

test("a client that reads slowly, a piece of the writer's at a time, is not taken for one that reads nothing", async () => {
  const pieceBytes = 1_000;
  const pieces = 30;
  const server = await start({
    times: { stallMs: 300 },
    async onStream(stream) {
      stream.respond(okBlock);
      for (let n = 0; n < pieces; n++) {
        stream.write(Buffer.alloc(pieceBytes));
        await stream.drained();
      }
      stream.end();
    },
  });
  using wire = Wire.open(server.port, [4, 0]);
  wire.send(headers(1));
  for (let n = 0; n < pieces; n++) {
    wire.send(frame("WINDOW_UPDATE", { stream: 1, payload: uint32(pieceBytes) }));
    await Bun.sleep(30);
  }
  await until(() => wire.frames.some(({ flags, stream }) => stream === 1 && (flags & END_STREAM) !== 0));
  expect(wire.frames.some(({ type }) => type === "RST_STREAM")).toBe(false);
});

test("a window that grows by a byte lets a byte out, and no more", async () => {
  const server = await start({
    onStream: (stream) => stream.answer(okBlock, Buffer.from("answer"), encodeFields([["a", "b"]])),
  });
  using wire = Wire.open(server.port, [4, 0]);
  wire.send(headers(1));
  for (let n = 0; n < 6; n++) {
    wire.send(frame("WINDOW_UPDATE", { stream: 1, payload: uint32(1) }));
    await wire.handled();
    const sent = wire.frames.filter(({ type }) => type === "DATA").map(({ payload }) => payload.toString());
    expect(sent.join("")).toBe("answer".slice(0, n + 1));
  }
  await wire.next("HEADERS", 1);
});

test("a table of references to one long field is not written out", async () => {
  const server = await start();
  using wire = Wire.open(server.port);
  const long = Buffer.concat([Buffer.from([0x40, 1, 0x61, 127, 0xa1, 30]), Buffer.alloc(4_000, 0x78)]);
  wire.send(
    frame("HEADERS", {
      stream: 1,
      flags: END_HEADERS | END_STREAM,
      payload: Buffer.concat([block(request), long]),
    }),
  );
  const before = process.memoryUsage().rss;
  // Sixteen thousand references of four kilobytes each: 64 MB a block.
  const bomb = Buffer.concat([block(request), Buffer.alloc(16_000, 0xbe)]);
  for (let n = 0; n < 100; n++) {
    wire.send(frame("HEADERS", { stream: 2 * n + 3, flags: END_HEADERS | END_STREAM, payload: bomb }));
  }
  await wire.handled();
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  expect(wire.frames.filter(({ type }) => type === "HEADERS")).toHaveLength(100);
});

test("a body that comes byte by byte and is not read is kept as a few chunks", async () => {
  const chunks: number[] = [];
  let resume = () => undefined as unknown;
  const server = await start({
    onStream(stream) {
      stream.pause();
      stream.read({ data: (chunk) => chunks.push(chunk.length), end() {} });
      resume = () => stream.resume();
    },
  });
  using wire = Wire.open(server.port);
  wire.send(open(1), repeat(data(1, "x"), 10_000));
  await wire.handled();
  resume();
  expect(chunks.reduce((sum, length) => sum + length, 0)).toBe(10_000);
  expect(chunks.length).toBeLessThan(20);
});

test("a byte that is kept does not keep the chunk that it came in", async () => {
  const kept: number[] = [];
  const server = await start({
    onStream(stream) {
      const drops = stream.id === 1;
      stream.read({ data: (chunk) => drops || kept.push(chunk.buffer.byteLength), end() {} });
    },
  });
  using wire = Wire.open(server.port);
  wire.send(open(1));
  for (let n = 0; n < 20; n++) {
    const id = 2 * n + 3;
    wire.send(Buffer.concat([open(id), repeat(data(1, Buffer.alloc(15_000)), 4), data(id, "x")]));
    await wire.handled();
  }
  expect(kept).toHaveLength(20);
  expect(Math.max(...kept)).toBeLessThanOrEqual(16 * 1024);
});

test("a client that reads no answers may begin no more calls", async () => {
  const answer = encodeFields([
    [":status", "200"],
    ["x", "y".repeat(4_000)],
  ]);
  let calls = 0;
  const server = await start({
    onStream(stream) {
      calls += 1;
      stream.end(answer);
    },
  });
  using wire = Wire.open(server.port);
  await wire.handled();
  wire.pause();
  // More than the sockets of both ends take.
  const begun = 10_000;
  for (let n = 0; n < begun; n++) wire.send(headers(2 * n + 1));
  await until(() => server.connections.size === 0);
  expect(calls).toBeLessThan(begun - 1_000);
});
