/** RFC 9113, section by section: what a server does with frames that are right. The others are in `faults.test.ts`. */
import { describe, expect, test } from "bun:test";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import { destroyServer, okBlock, startBareServer } from "../support/http2.ts";
import { bodies, fields, open, startEcho, whole } from "./echo.ts";
import {
  ACK,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  PADDED,
  preface,
  request,
  settings,
  uint32,
  WITH_PRIORITY,
  Wire,
} from "./wire.ts";

const port = startEcho();

describe("3.4 the preface", () => {
  test("may come byte by byte, as may all frames", async () => {
    using wire = new Wire(port());
    const bytes = Buffer.concat([preface, settings(), open(1, "/bytes"), data(1, "a body", END_STREAM)]);
    for (const byte of bytes) {
      wire.send(Buffer.from([byte]));
      await wire.flushed();
    }
    await wire.next("DATA", 1);
    expect(bodies.get("/bytes")).toBe("a body");
  });

  test("that is wrong ends the connection, at the first byte", async () => {
    using wire = new Wire(port());
    wire.send(Buffer.from("G"));
    expect(await wire.ended()).toBe("PROTOCOL_ERROR");
  });

  test("is followed by SETTINGS and nothing else", async () => {
    for (const other of [
      headers(1),
      frame("SETTINGS", { flags: ACK }),
      data(1, "x"),
      frame("PING", { payload: Buffer.alloc(8) }),
    ]) {
      using wire = new Wire(port());
      wire.send(preface, other);
      expect(await wire.ended()).toBe("PROTOCOL_ERROR");
    }
  });

  test("is answered by settings first, and the client's are confirmed", async () => {
    using wire = Wire.open(port());
    await wire.handled();
    expect(wire.frames[0]).toMatchObject({ type: "SETTINGS", flags: 0 });
    expect(wire.frames.filter(({ type, flags }) => type === "SETTINGS" && flags === ACK)).toHaveLength(1);
  });
});

test("5.1 frames on a stream that the server has reset are dropped, for they were under way", async () => {
  using wire = Wire.open(port());
  wire.send(open(1, "/now"));
  expect(await wire.reset(1)).toBe("NO_ERROR");
  wire.send(
    data(1, "late"),
    frame("WINDOW_UPDATE", { stream: 1, payload: uint32(9) }),
    headers(1, [["a", "b"]], whole),
  );
  wire.send(frame("RST_STREAM", { stream: 1, payload: uint32(8) }));
  await wire.handled();
  expect(wire.frames.filter(({ type }) => type === "RST_STREAM")).toHaveLength(1);
});

test("5.1.2 a stream beyond the limit is refused, and can be tried again", async () => {
  using wire = Wire.open(port());
  for (let n = 0; n < 100; n++) wire.send(open(2 * n + 1));
  wire.send(headers(201));
  expect(await wire.reset(201)).toBe("REFUSED_STREAM");
  wire.send(frame("RST_STREAM", { stream: 1, payload: uint32(8) }), headers(203));
  await wire.next("HEADERS", 203);
});

describe("5.2 flow control", () => {
  test("an answer is sent as far as the windows of stream and connection let it", async () => {
    using wire = Wire.open(port(), [4, 3]);
    wire.send(open(1, "/"), data(1, "abcdefgh", END_STREAM));
    expect((await wire.next("DATA", 1)).payload.toString()).toBe("abc");
    await wire.handled();
    expect(wire.frames.filter(({ type }) => type === "DATA")).toHaveLength(1);
    // 6.9.2: a window may become negative.
    wire.send(settings([4, 1]), frame("WINDOW_UPDATE", { stream: 1, payload: uint32(2) }));
    await wire.handled();
    expect(wire.frames.filter(({ type }) => type === "DATA")).toHaveLength(1);
    wire.send(settings([4, 2]));
    await wire.handled();
    expect(
      wire.frames.filter(({ type }) => type === "DATA").map(({ payload }) => payload.toString()),
    ).toEqual(["abc", "d"]);
    wire.send(frame("WINDOW_UPDATE", { stream: 1, payload: uint32(100) }));
    await wire.handled();
    const sent = wire.frames.filter(({ type }) => type === "DATA").map(({ payload }) => payload.toString());
    expect(sent.join("")).toBe("abcdefgh");
    expect(wire.frames.findLast(({ stream }) => stream === 1)).toMatchObject({
      type: "HEADERS",
      flags: END_HEADERS | END_STREAM,
    });
  });

  test("the connection's window holds for all streams together, and each has its turn", async () => {
    using wire = Wire.open(port(), [4, 1_000_000]);
    const body = "x".repeat(16_384);
    for (const stream of [1, 3]) {
      wire.send(
        open(stream, "/"),
        ...Array.from({ length: 3 }, () => data(stream, body)),
        data(stream, "", END_STREAM),
      );
    }
    await wire.handled();
    const sent = () =>
      wire.frames.filter(({ type }) => type === "DATA").reduce((sum, { payload }) => sum + payload.length, 0);
    expect(sent()).toBe(65_535);
    wire.send(frame("WINDOW_UPDATE", { payload: uint32(100_000) }));
    await wire.next("HEADERS", 3);
    await wire.handled();
    expect(sent()).toBe(6 * 16_384);
  });

  test("more than the stream's window ends the stream", async () => {
    using wire = Wire.open(port());
    wire.send(open(1));
    // Nobody reads what is behind a reset, so that the window stays as it is.
    const paused = await startBareServer({ onStream: (stream) => stream.pause(), streamWindowBytes: 20_000 });
    try {
      using other = Wire.open(paused.port);
      other.send(open(1), data(1, "x".repeat(16_000)), data(1, "x".repeat(4_001)));
      expect(await other.reset(1)).toBe("FLOW_CONTROL_ERROR");
      other.send(open(3), data(3, "x".repeat(16_000)), data(3, "x".repeat(4_000)));
      await other.handled();
    } finally {
      destroyServer(paused);
    }
  });

  test("more than the connection's ends the connection", async () => {
    const paused = await startBareServer({
      onStream: (stream) => stream.pause(),
      connectionWindowBytes: 65_535,
    });
    try {
      using wire = Wire.open(paused.port);
      for (let n = 0; n < 5; n++) wire.send(open(2 * n + 1), data(2 * n + 1, "x".repeat(16_000)));
      expect(await wire.ended()).toBe("FLOW_CONTROL_ERROR");
    } finally {
      destroyServer(paused);
    }
  });

  test("what was read, or dropped, may be sent again; padding counts", async () => {
    using wire = Wire.open(port());
    wire.send(open(1, "/hold"));
    const padded = frame("DATA", {
      stream: 1,
      flags: PADDED,
      payload: Buffer.concat([Buffer.from([255]), Buffer.alloc(16_255)]),
    });
    for (let n = 0; n < 40; n++) {
      wire.send(padded);
      await wire.handled();
    }
    const granted = wire.frames
      .filter(({ type, stream }) => type === "WINDOW_UPDATE" && stream === 1)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
    expect(granted).toBeGreaterThan(40 * padded.length - 2 * 65_535);
    expect(granted).toBeLessThanOrEqual(40 * (padded.length - 9));
  });
});

test("5.5 extensions are ignored: frames, flags, settings, error codes", async () => {
  using wire = Wire.open(port(), [0xf000, 7]);
  wire.send(frame(0xef, { stream: 1, flags: 255, payload: [1, 2, 3] }));
  wire.send(frame("PING", { flags: 0x7e, payload: Buffer.alloc(8) }));
  wire.send(open(1), frame("RST_STREAM", { stream: 1, payload: uint32(0xbeef) }), headers(3));
  await wire.next("HEADERS", 3);
});

test("6.2 padding and a priority are taken off a header block", async () => {
  using wire = Wire.open(port());
  const payload = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 16]), block(request), Buffer.alloc(3)]);
  wire.send(frame("HEADERS", { stream: 1, flags: whole | PADDED | WITH_PRIORITY, payload }));
  await wire.next("HEADERS", 1);
});

test("6.7 a PING is answered with its bytes", async () => {
  using wire = Wire.open(port());
  wire.send(frame("PING", { payload: Buffer.from("mirrored") }));
  const answer = await wire.next("PING");
  expect([answer.flags, answer.payload.toString()]).toEqual([ACK, "mirrored"]);
});

test("6.8 a client's GOAWAY lets its calls end, and then the connection", async () => {
  using wire = Wire.open(port());
  wire.send(open(1, "/"), frame("GOAWAY", { payload: Buffer.alloc(8) }), data(1, "rest", END_STREAM));
  expect(await wire.ended()).toBe("NO_ERROR");
  expect(wire.frames.filter(({ type, stream }) => type === "DATA" && stream === 1)).toHaveLength(1);
});

test("6.10 a block may come in several frames, and an answer too", async () => {
  const long = "v".repeat(20_000);
  const answering = await startBareServer({
    onStream: (stream) =>
      stream.end(
        encodeFields([
          [":status", "200"],
          ["a", long],
        ]),
      ),
  });
  try {
    using wire = Wire.open(answering.port);
    const bytes = block([...request, ["b", "c".repeat(9_000)]]);
    wire.send(frame("HEADERS", { stream: 1, flags: END_STREAM, payload: bytes.subarray(0, 10) }));
    wire.send(
      frame("CONTINUATION", { stream: 1, payload: [] }),
      frame("CONTINUATION", { stream: 1, flags: END_HEADERS, payload: bytes.subarray(10) }),
    );
    await wire.next("CONTINUATION", 1);
    const answer = wire.frames.filter(({ stream }) => stream === 1);
    expect(answer.map(({ type, flags }) => [type, flags])).toEqual([
      ["HEADERS", END_STREAM],
      ["CONTINUATION", END_HEADERS],
    ]);
    expect(Buffer.concat(answer.map(({ payload }) => payload)).toString("latin1")).toContain(long);
  } finally {
    destroyServer(answering);
  }
});

test("8.1 trailers end a request", async () => {
  using wire = Wire.open(port());
  wire.send(open(1, "/trailers"), data(1, "body"), headers(1, [["checksum", "1"]], whole));
  await wire.next("DATA", 1);
  expect(bodies.get("/trailers")).toBe("body");
});

test("8.1 a client that still sends is asked to stop, behind the whole answer", async () => {
  using wire = Wire.open(port());
  wire.send(open(1, "/now"));
  expect(await wire.reset(1)).toBe("NO_ERROR");
  expect(wire.frames.find(({ stream }) => stream === 1)).toMatchObject({ type: "HEADERS", flags: whole });
});

test("8.2.3 cookies are joined", async () => {
  const seen: (string | undefined)[] = [];
  const other = await startBareServer({
    onStream(stream) {
      seen.push(stream.headers.cookie, stream.headers.a);
      stream.end(okBlock);
    },
  });
  try {
    using wire = Wire.open(other.port);
    wire.send(
      headers(
        1,
        fields(
          ["cookie", "a=b"],
          ["a", "1"],
          ["cookie", "c=d"],
          ["a", "2"],
          ["host", "LOCALHOST"],
          ["te", "trailers"],
          ["__proto__", "x"],
        ),
      ),
    );
    await wire.next("HEADERS", 1);
    expect(seen).toEqual(["a=b; c=d", "1, 2"]);
  } finally {
    destroyServer(other);
  }
});

test("10.5.1 a header list that is too large is answered 431, and the table stays in step", async () => {
  using wire = Wire.open(port());
  const added = Buffer.concat([Buffer.from([0x40, 1, 0x61, 1, 0x62]), block([["big", "x".repeat(16_370)]])]);
  const bytes = Buffer.concat([block(request), added]);
  wire.send(frame("HEADERS", { stream: 1, flags: END_STREAM, payload: bytes.subarray(0, 16_000) }));
  wire.send(frame("CONTINUATION", { stream: 1, flags: END_HEADERS, payload: bytes.subarray(16_000) }));
  expect((await wire.next("HEADERS", 1)).payload.toString("latin1")).toContain("431");
  wire.send(
    frame("HEADERS", {
      stream: 3,
      flags: whole,
      payload: Buffer.concat([block(request), Buffer.from([0xbe])]),
    }),
  );
  await wire.next("HEADERS", 3);
});
