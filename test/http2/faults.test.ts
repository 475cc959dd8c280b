/** RFC 9113: the faults of a client that end its connection, and those that end a stream of it. */
import { expect, test } from "bun:test";
import { fields, open, startEcho, whole } from "./echo.ts";
import {
  ACK,
  block,
  type CodeName,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  PADDED,
  request,
  settings,
  uint32,
  WITH_PRIORITY,
  Wire,
} from "./wire.ts";

const port = startEcho();

/** Frames that end the connection with this code, after the preface and settings. */
const connectionFaults: readonly (readonly [section: string, code: CodeName, ...frames: Buffer[]])[] = [
  ["4.2 a frame longer than the settings allow", "FRAME_SIZE_ERROR", frame(99, { length: 16_385 })],
  [
    "4.2 DATA longer than the settings allow",
    "FRAME_SIZE_ERROR",
    open(1),
    frame("DATA", { stream: 1, length: 16_385 }),
  ],
  [
    "4.3 a header block that is broken off",
    "PROTOCOL_ERROR",
    headers(1, request, 0),
    frame("PING", { payload: Buffer.alloc(8) }),
  ],
  [
    "4.3 a block that goes on on another stream",
    "PROTOCOL_ERROR",
    headers(1, request, 0),
    frame("CONTINUATION", { stream: 3, flags: END_HEADERS }),
  ],
  ["4.3 an unknown frame in a block", "PROTOCOL_ERROR", headers(1, request, 0), frame(99, { stream: 1 })],
  ["4.3 DATA in a block", "PROTOCOL_ERROR", headers(1, request, 0), data(1, "x")],
  [
    "4.3 a block that cannot be decompressed",
    "COMPRESSION_ERROR",
    frame("HEADERS", { stream: 1, flags: 5, payload: [0x80] }),
  ],
  ["5.1 DATA on an idle stream", "PROTOCOL_ERROR", data(1, "x")],
  [
    "5.1 RST_STREAM on an idle stream",
    "PROTOCOL_ERROR",
    frame("RST_STREAM", { stream: 1, payload: uint32(8) }),
  ],
  [
    "5.1 WINDOW_UPDATE on an idle stream",
    "PROTOCOL_ERROR",
    frame("WINDOW_UPDATE", { stream: 1, payload: uint32(8) }),
  ],
  [
    "5.1 CONTINUATION on an idle stream",
    "PROTOCOL_ERROR",
    frame("CONTINUATION", { stream: 1, flags: END_HEADERS }),
  ],
  ["5.1 HEADERS on a stream that is over", "STREAM_CLOSED", headers(1), headers(1)],
  ["5.1.1 an even stream", "PROTOCOL_ERROR", headers(2)],
  ["5.1.1 a stream that was left out", "PROTOCOL_ERROR", headers(5), headers(3)],
  ["6.1 DATA on stream 0", "PROTOCOL_ERROR", data(0, "x")],
  [
    "6.1 more padding than bytes",
    "PROTOCOL_ERROR",
    open(1),
    frame("DATA", { stream: 1, flags: PADDED, payload: [2, 0] }),
  ],
  ["6.1 padding without a length", "FRAME_SIZE_ERROR", open(1), frame("DATA", { stream: 1, flags: PADDED })],
  ["6.2 HEADERS on stream 0", "PROTOCOL_ERROR", headers(0)],
  [
    "6.2 more padding than block",
    "PROTOCOL_ERROR",
    frame("HEADERS", { stream: 1, flags: END_HEADERS | PADDED, payload: [9, 0x82] }),
  ],
  [
    "6.2 shorter than its flags say",
    "FRAME_SIZE_ERROR",
    frame("HEADERS", { stream: 1, flags: END_HEADERS | WITH_PRIORITY, payload: [0, 0] }),
  ],
  ["6.3 PRIORITY on stream 0", "PROTOCOL_ERROR", frame("PRIORITY", { payload: [0, 0, 0, 1, 1] })],
  [
    "6.3 an idle stream that depends on itself",
    "PROTOCOL_ERROR",
    frame("PRIORITY", { stream: 1, payload: [0, 0, 0, 1, 1] }),
  ],
  ["6.4 RST_STREAM on stream 0", "PROTOCOL_ERROR", frame("RST_STREAM", { payload: uint32(8) })],
  [
    "6.4 RST_STREAM of five bytes",
    "FRAME_SIZE_ERROR",
    open(1),
    frame("RST_STREAM", { stream: 1, payload: Buffer.alloc(5) }),
  ],
  ["6.5 SETTINGS on a stream", "PROTOCOL_ERROR", frame("SETTINGS", { stream: 1 })],
  [
    "6.5 an answer with settings",
    "FRAME_SIZE_ERROR",
    frame("SETTINGS", { flags: ACK, payload: Buffer.alloc(6) }),
  ],
  ["6.5 SETTINGS of seven bytes", "FRAME_SIZE_ERROR", frame("SETTINGS", { payload: Buffer.alloc(7) })],
  ["6.5.2 ENABLE_PUSH of 2", "PROTOCOL_ERROR", settings([2, 2])],
  ["6.5.2 a window beyond 2^31 - 1", "FLOW_CONTROL_ERROR", settings([4, 2 ** 31])],
  ["6.5.2 a frame size below 16,384", "PROTOCOL_ERROR", settings([5, 16_383])],
  ["6.5.2 a frame size of 2^24", "PROTOCOL_ERROR", settings([5, 2 ** 24])],
  [
    "6.6 PUSH_PROMISE of a client",
    "PROTOCOL_ERROR",
    open(1),
    frame("PUSH_PROMISE", { stream: 1, flags: END_HEADERS, payload: uint32(2) }),
  ],
  ["6.7 PING on a stream", "PROTOCOL_ERROR", frame("PING", { stream: 1, payload: Buffer.alloc(8) })],
  ["6.7 PING of seven bytes", "FRAME_SIZE_ERROR", frame("PING", { payload: Buffer.alloc(7) })],
  ["6.8 GOAWAY on a stream", "PROTOCOL_ERROR", frame("GOAWAY", { stream: 1, payload: Buffer.alloc(8) })],
  ["6.8 GOAWAY of seven bytes", "FRAME_SIZE_ERROR", frame("GOAWAY", { payload: Buffer.alloc(7) })],
  ["6.9 WINDOW_UPDATE of nothing", "PROTOCOL_ERROR", frame("WINDOW_UPDATE", { payload: uint32(0) })],
  [
    "6.9 WINDOW_UPDATE of three bytes",
    "FRAME_SIZE_ERROR",
    frame("WINDOW_UPDATE", { payload: Buffer.alloc(3) }),
  ],
  [
    "6.9.1 a window of the connection beyond 2^31 - 1",
    "FLOW_CONTROL_ERROR",
    frame("WINDOW_UPDATE", { payload: uint32(2 ** 31 - 1) }),
  ],
  [
    "6.9.2 settings that make a stream's window too large",
    "FLOW_CONTROL_ERROR",
    open(1),
    frame("WINDOW_UPDATE", { stream: 1, payload: uint32(2 ** 31 - 1 - 65_535) }),
    settings([4, 65_536]),
  ],
  [
    "6.10 CONTINUATION without HEADERS",
    "PROTOCOL_ERROR",
    open(1),
    frame("CONTINUATION", { stream: 1, flags: END_HEADERS }),
  ],
];

for (const [section, code, ...frames] of connectionFaults) {
  test(`${section} ends the connection with ${code}`, async () => {
    using wire = Wire.open(port());
    wire.send(...frames);
    expect(await wire.ended()).toBe(code);
  });
}

const without = (name: string) => request.filter((field) => field[0] !== name);

/** Frames that end stream 1 with this code, and nothing else. */
const streamFaults: readonly (readonly [section: string, code: CodeName, ...frames: Buffer[]])[] = [
  ["5.1 DATA behind the end of a request", "STREAM_CLOSED", open(1, "/hold", whole), data(1, "x")],
  [
    "5.1 HEADERS behind the end of a request",
    "STREAM_CLOSED",
    open(1, "/hold", whole),
    headers(1, [["a", "b"]], whole),
  ],
  ["5.1 DATA on a stream that is over", "STREAM_CLOSED", headers(1), data(1, "x")],
  [
    "5.3 a stream that depends on itself",
    "PROTOCOL_ERROR",
    frame("HEADERS", {
      stream: 1,
      flags: whole | WITH_PRIORITY,
      payload: Buffer.concat([Buffer.from([0, 0, 0, 1, 1]), block(request)]),
    }),
  ],
  [
    "6.3 PRIORITY of four bytes",
    "FRAME_SIZE_ERROR",
    open(1),
    frame("PRIORITY", { stream: 1, payload: Buffer.alloc(4) }),
  ],
  [
    "6.9 WINDOW_UPDATE of nothing",
    "PROTOCOL_ERROR",
    open(1),
    frame("WINDOW_UPDATE", { stream: 1, payload: uint32(0) }),
  ],
  [
    "6.9.1 a window beyond 2^31 - 1",
    "FLOW_CONTROL_ERROR",
    open(1),
    frame("WINDOW_UPDATE", { stream: 1, payload: uint32(2 ** 31 - 1) }),
  ],
  [
    "8.1 trailers without the end of the request",
    "PROTOCOL_ERROR",
    open(1),
    headers(1, [["a", "b"]], END_HEADERS),
  ],
  ["8.1 trailers with a pseudo-header", "PROTOCOL_ERROR", open(1), headers(1, [[":path", "/"]], whole)],
  [
    "8.1.1 more bytes than content-length says",
    "PROTOCOL_ERROR",
    headers(1, fields(["content-length", "1"]), END_HEADERS),
    data(1, "xx"),
  ],
  [
    "8.1.1 fewer",
    "PROTOCOL_ERROR",
    headers(1, fields(["content-length", "3"]), END_HEADERS),
    data(1, "xx", END_STREAM),
  ],
  ["8.1.1 none", "PROTOCOL_ERROR", headers(1, fields(["content-length", "3"]), whole)],
  [
    "8.1.1 trailers before all of them",
    "PROTOCOL_ERROR",
    headers(1, fields(["content-length", "3"]), END_HEADERS),
    headers(1, [["a", "b"]], whole),
  ],
  [
    "8.1.1 a content-length that is no number",
    "PROTOCOL_ERROR",
    headers(1, fields(["content-length", "-1"]), whole),
  ],
  [
    "8.1.1 two that differ",
    "PROTOCOL_ERROR",
    headers(1, fields(["content-length", "1"], ["content-length", "2"]), END_HEADERS),
  ],
  ["8.2 a name in upper case", "PROTOCOL_ERROR", headers(1, fields(["X-A", "b"]))],
  ["8.2 a name with a blank", "PROTOCOL_ERROR", headers(1, fields(["x a", "b"]))],
  ["8.2 an empty name", "PROTOCOL_ERROR", headers(1, fields(["", "b"]))],
  ["8.2 a value with a line's end", "PROTOCOL_ERROR", headers(1, fields(["a", "b\r\nc: d"]))],
  ["8.2 a value with a zero", "PROTOCOL_ERROR", headers(1, fields(["a", "b\0"]))],
  ["8.2 a value that begins with a blank", "PROTOCOL_ERROR", headers(1, fields(["a", " b"]))],
  ["8.2 a value that ends with a tab", "PROTOCOL_ERROR", headers(1, fields(["a", "b\t"]))],
  ...["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"].map(
    (name) => [`8.2.2 ${name}`, "PROTOCOL_ERROR", headers(1, fields([name, "a"]))] as const,
  ),
  ["8.2.2 te other than trailers", "PROTOCOL_ERROR", headers(1, fields(["te", "gzip"]))],
  ["8.3 an unknown pseudo-header", "PROTOCOL_ERROR", headers(1, fields([":a", "b"]))],
  ["8.3 a pseudo-header of answers", "PROTOCOL_ERROR", headers(1, fields([":status", "200"]))],
  ["8.3 a pseudo-header behind a field", "PROTOCOL_ERROR", headers(1, [["a", "b"], ...request])],
  ...request.map(
    ([name, value]) =>
      [`8.3 ${name} twice`, "PROTOCOL_ERROR", headers(1, [[name, value], ...request])] as const,
  ),
  ...[":method", ":scheme", ":path"].map(
    (name) => [`8.3.1 without ${name}`, "PROTOCOL_ERROR", headers(1, without(name))] as const,
  ),
  ["8.3.1 an empty path", "PROTOCOL_ERROR", headers(1, [...without(":path"), [":path", ""]])],
  [
    "8.3.1 a path that does not begin with a slash",
    "PROTOCOL_ERROR",
    headers(1, [...without(":path"), [":path", "a"]]),
  ],
  ["8.3.1 userinfo", "PROTOCOL_ERROR", headers(1, [...without(":authority"), [":authority", "a@b"]])],
  ["8.3.1 another host than authority", "PROTOCOL_ERROR", headers(1, fields(["host", "elsewhere"]))],
  ["8.5 CONNECT with a path", "PROTOCOL_ERROR", headers(1, [[":method", "CONNECT"], ...without(":method")])],
];

for (const [section, code, ...frames] of streamFaults) {
  test(`${section} ends the stream with ${code}, and no other`, async () => {
    using wire = Wire.open(port());
    wire.send(...frames);
    expect(await wire.reset(1)).toBe(code);
    wire.send(headers(7, request));
    expect((await wire.next("HEADERS", 7)).flags).toBe(END_HEADERS);
  });
}
