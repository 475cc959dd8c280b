import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { EventRequestSchema, EventResponseSchema } from "../../../src/gen/event_pb.ts";
import {
  CollectEventsRequestSchema,
  CollectEventsResponseSchema,
} from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { GetMessageRequestSchema } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { report } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { frame, type WireAnswer, WireClient } from "./wire.ts";

const legacyPath = "/MarsWeb.GrpcService.MarsGrpc/collectEvent";
const ingestPath = "/mars.v1.IngestService/CollectEvent";
const batchPath = "/mars.v1.IngestService/CollectEvents";
const readPath = "/mars.v1.MessageService/GetMessage";

const event = toBinary(
  EventRequestSchema,
  create(EventRequestSchema, { appId: "a", messageId: "m", event: "Hello", createdAt: "Hello" }),
);

/** The two ids, which every request has in the same place. */
const ids = event.subarray(0, 6);

let mars: TestMars;
let client: WireClient;
beforeAll(async () => {
  mars = await startMars();
  client = new WireClient(mars.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await mars[Symbol.asyncDispose]();
});

function expectSuccess(answer: WireAnswer): void {
  expect(answer.error).toBeUndefined();
  expect(answer.status).toBe(0);
  expect(fromBinary(EventResponseSchema, answer.body.subarray(5)).success).toBe(true);
}

/** After any fault the same connection still accepts an event. */
async function expectServing(): Promise<void> {
  expectSuccess(await client.call({ path: legacyPath, chunks: [frame(event)] }));
}

test("the original's request and response are the bytes that they always were", async () => {
  const bytes = Buffer.concat([
    Buffer.from([0x0a, 1]),
    Buffer.from("a"),
    Buffer.from([0x12, 1]),
    Buffer.from("m"),
    Buffer.from([0x1a, 5]),
    Buffer.from("Hello"),
    Buffer.from([0x22, 5]),
    Buffer.from("Hello"),
  ]);
  const answer = await client.call({ path: legacyPath, chunks: [frame(bytes)] });
  expectSuccess(answer);
  expect([...answer.body]).toEqual([0, 0, 0, 0, 2, 8, 1]);
  expect(answer.headers.get("content-type")).toStartWith("application/grpc");
});

test.each(["application/grpc", "application/grpc+proto"])("content-type %s is gRPC", async (type) => {
  expectSuccess(
    await client.call({ path: legacyPath, headers: { "content-type": type }, chunks: [frame(event)] }),
  );
});

test.each(["application/json", "text/plain", "application/grpcish"])(
  "content-type %s is refused with HTTP status 415",
  async (type) => {
    const answer = await client.call({
      path: legacyPath,
      headers: { "content-type": type },
      chunks: [frame(event)],
    });
    expect(answer.httpStatus).toBe(415);
    await expectServing();
  },
);

test("a message may arrive byte by byte", async () => {
  const chunks = [...frame(event)].map((byte) => Buffer.from([byte]));
  expectSuccess(await client.call({ path: legacyPath, chunks }));
});

test("a gzip message is taken", async () => {
  const chunks = [frame(gzipSync(event), { flags: 1 })];
  expectSuccess(await client.call({ path: legacyPath, headers: { "grpc-encoding": "gzip" }, chunks }));
});

test("a long answer is gzip where the client accepts it, and plain where it does not", async () => {
  const events = [{ appId: "a", messageId: "m", event: "e" }, ...Array.from({ length: 100 }, () => ({}))];
  const chunks = [
    frame(toBinary(CollectEventsRequestSchema, create(CollectEventsRequestSchema, { events }))),
  ];
  const plain = await client.call({ path: batchPath, chunks });
  const zipped = await client.call({ path: batchPath, headers: { "grpc-accept-encoding": "gzip" }, chunks });
  expect(plain.headers.get("grpc-encoding")).toBeNull();
  expect(zipped.headers.get("grpc-encoding")).toBe("gzip");
  expect(zipped.body[0]).toBe(1);
  const message = fromBinary(
    CollectEventsResponseSchema,
    Bun.gunzipSync(Buffer.from(zipped.body.subarray(5))),
  );
  expect(message).toMatchObject({ accepted: 1, rejected: 100 });
});

describe.each([
  ["the lean path", legacyPath],
  ["a batch", batchPath],
  ["Connect's path", readPath],
])("on %s", (_, path) => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  test.each([
    ["no message", [], Code.Unimplemented],
    ["two messages", [frame(ids), frame(ids)], Code.Unimplemented],
    ["half a frame's head", [frame(event).subarray(0, 3)], Code.InvalidArgument],
    ["a frame cut off", [frame(event).subarray(0, -1)], Code.InvalidArgument],
    ["a frame that announces 4 GiB", [frame(event, { length: 0xffffffff })], Code.ResourceExhausted],
    ["9 MiB", [frame(Buffer.alloc(9 * 1024 * 1024))], Code.ResourceExhausted],
    ["bytes that are no message", [frame(Buffer.from("\xff\xff\xff\xff", "latin1"))], Code.InvalidArgument],
    ["text that is no UTF-8", [frame(Buffer.from([0x0a, 2, 0xc3, 0x28]))], Code.InvalidArgument],
    ["half a surrogate in UTF-8", [frame(Buffer.from([0x0a, 3, 0xed, 0xa0, 0x80]))], Code.InvalidArgument],
  ])("%s is refused", async (_, chunks, code) => {
    const answer = await client.call({ path, chunks });
    expect([answer.httpStatus, answer.status]).toEqual([200, code]);
    expect(answer.error?.rawMessage).not.toBe("");
    await expectServing();
  });

  test.each([
    ["a bomb of 64 MiB", frame(bomb, { flags: 1 }), Code.ResourceExhausted],
    ["what is not gzip", frame(event, { flags: 1 }), Code.InvalidArgument],
    ["gzip cut off", frame(gzipSync(event).subarray(0, -9), { flags: 1 }), Code.InvalidArgument],
  ])("%s is refused as gzip", async (_, chunk, code) => {
    const answer = await client.call({ path, headers: { "grpc-encoding": "gzip" }, chunks: [chunk] });
    expect(answer.status).toBe(code);
    await expectServing();
  });

  test("an encoding that Mars has not is refused, and the answer says which it has", async () => {
    const chunks = [frame(event, { flags: 1 })];
    const answer = await client.call({ path, headers: { "grpc-encoding": "snappy" }, chunks });
    expect(answer.status).toBe(Code.Unimplemented);
    expect(answer.headers.get("grpc-accept-encoding")).toContain("gzip");
  });

  test("a timeout that is none is refused, and one of 3,000 years is taken", async () => {
    const bad = await client.call({ path, headers: { "grpc-timeout": "soon" }, chunks: [frame(event)] });
    expect(bad.status).toBe(Code.InvalidArgument);
    const good = await client.call({
      path,
      headers: { "grpc-timeout": "26280000H" },
      chunks: [frame(event)],
    });
    expect(good.status).not.toBe(Code.DeadlineExceeded);
  });
});

test("a call is answered when its deadline passes", async () => {
  const request = create(GetMessageRequestSchema, { appId: "a", messageId: "m", minSeq: 1_000_000_000n });
  const answer = await client.call({
    path: readPath,
    headers: { "grpc-timeout": "20m" },
    chunks: [frame(toBinary(GetMessageRequestSchema, request))],
  });
  expect(answer.status).toBe(Code.DeadlineExceeded);
});

test("an upload that never ends is answered when its deadline passes", async () => {
  const answer = await client.call({
    path: legacyPath,
    headers: { "grpc-timeout": "20m" },
    chunks: [frame(event).subarray(0, 9)],
    end: false,
  });
  expect(answer.status).toBe(Code.DeadlineExceeded);
});

test.each(["/mars.v1.IngestService/Nothing", "/mars.v1.Nothing/CollectEvent", "/", "/%00", `${ingestPath}/`])(
  "%s is unimplemented",
  async (path) => {
    const answer = await client.call({ path, chunks: [frame(event)] });
    expect([answer.httpStatus, answer.status]).toEqual([200, Code.Unimplemented]);
  },
);

test("attributes that nest too deeply are refused, however deep", async () => {
  // Struct.fields["a"].struct_value of Struct.fields["a"]…, each level around the one before.
  let struct: Buffer = Buffer.alloc(0);
  for (let depth = 0; depth < 2_000; depth++) {
    const value = delimited(5, struct);
    struct = delimited(1, Buffer.concat([delimited(1, Buffer.from("a")), delimited(2, value)]));
  }
  const chunks = [frame(Buffer.concat([ids, delimited(3, Buffer.from("e")), delimited(7, struct)]))];
  const answer = await client.call({ path: ingestPath, chunks });
  expect(answer.status).toBe(Code.InvalidArgument);
});

test.each([
  ["an HTTP/1.1 request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["bytes of no protocol", "\x16\x03\x01\x02\x00junk".repeat(100)],
  ["a preface and then junk", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(64)}`],
])("%s harms only its own connection", async (_, bytes) => {
  const socket = connectTcp(mars.grpcPort, "127.0.0.1");
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
  });
  socket.on("data", () => {});
  socket.write(Buffer.from(bytes, "latin1"));
  await closed;
  await expectServing();
});

/** An HTTP/2 frame of a client. */
function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header as HPACK's literal without a name in its tables. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

test("a refused message that comes in a frame of two pieces harms no other", async () => {
  const [data, headers, settings] = [0, 1, 4];
  const [endStream, endHeaders] = [1, 4];
  const socket = connectTcp(mars.grpcPort, "127.0.0.1");
  const read = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  socket.on("error", () => closed.resolve());
  socket.on("close", () => closed.resolve());
  socket.on("data", () => read.resolve());
  const fields = { ":method": "POST", ":scheme": "http", ":path": batchPath, ":authority": "localhost" };
  const names = { ...fields, "content-type": "application/grpc", te: "trailers" };
  const block = Buffer.concat(Object.entries(names).map(([name, value]) => literal(name, value)));
  const large = http2Frame(data, 0, 1, frame(Buffer.alloc(16_379), { length: 100_000_000 }));
  // What has been read in two pieces has memory of its own, which is freed with the refusal.
  socket.write(
    Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      http2Frame(settings, 0, 0, Buffer.alloc(0)),
      http2Frame(headers, endHeaders, 1, block),
      large.subarray(0, 5_000),
    ]),
  );
  await read.promise;
  socket.write(large.subarray(5_000));
  await expectServing();
  socket.write(http2Frame(data, endStream, 1, Buffer.alloc(100)));
  await expectServing();
  socket.end();
  await closed.promise;
  await expectServing();
});

test("calls that are cancelled at any moment harm no other", async () => {
  using other = new WireClient(mars.grpcPort);
  const closed: Promise<unknown>[] = [];
  for (let i = 0; i < 500; i++) {
    const stream = other.session.request({
      ":method": "POST",
      ":path": i % 2 === 0 ? legacyPath : readPath,
      "content-type": "application/grpc",
    });
    closed.push(new Promise((resolve) => stream.on("close", resolve)));
    stream.on("error", () => {});
    if (i % 5 !== 0) stream.write(frame(event).subarray(0, i % 7 === 0 ? 9 : undefined));
    if (i % 3 === 0) stream.end();
    if (i % 4 === 0) stream.close(constants.NGHTTP2_CANCEL);
    else setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
  }
  await Promise.all(closed);
  await expectServing();
});

function delimited(field: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, rest]), bytes]);
}

/** The original's call for a message of its own, which shows whether it was stored. */
function callFor(messageId: string): Uint8Array {
  const call = { appId: "a", messageId, event: "Hello", createdAt: "Hello" };
  return toBinary(EventRequestSchema, create(EventRequestSchema, call));
}

async function isStored(messageId: string): Promise<boolean> {
  const seq = (await report(mars, { app_id: "a", message_id: "after", event: "e" })).toString();
  return (await fetch(`${mars.url}/api/apps/a/messages/${messageId}?min_seq=${seq}`)).status === 200;
}

test.each([2, 3, 4, 128, 255])("a frame with the flags %d is refused, and stores nothing", async (flags) => {
  const bytes = frame(callFor("flags"), { flags });
  for (const path of [legacyPath, readPath]) {
    const { status, error } = await client.call({ path, chunks: [bytes] });
    const message = `frame's flags must be 0 or 1, are ${flags}`;
    expect([status, error?.rawMessage]).toEqual([Code.InvalidArgument, message]);
  }
  expect(await isStored("flags")).toBe(false);
});

test("a call that is refused for its deadline stores nothing", async () => {
  for (const timeout of ["x", "-1S", "999999999H", ""]) {
    const headers = { "grpc-timeout": timeout };
    const { status } = await client.call({ path: legacyPath, headers, chunks: [frame(callFor("late"))] });
    expect([timeout, status]).toEqual([timeout, Code.InvalidArgument]);
  }
  expect(await isStored("late")).toBe(false);
});
