/** A client that sends any frames, and reads those that come. Knows nothing of the server's code. */
import { connect, type Socket } from "node:net";
import { until } from "../support/until.ts";

export const types = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export type FrameName = keyof typeof types;

export const codes = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

export type CodeName = keyof typeof codes;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const WITH_PRIORITY = 0x20;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export interface Frame {
  readonly type: FrameName | number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(
  type: FrameName | number,
  {
    flags = 0,
    stream = 0,
    payload = [],
    length,
  }: { flags?: number; stream?: number; payload?: Uint8Array | readonly number[]; length?: number } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? bytes.length, 0, 3);
  head[3] = typeof type === "number" ? type : types[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Each as an id and a value. */
export function settings(...all: readonly (readonly [number, number])[]): Buffer {
  const payload = all.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)]));
  return frame("SETTINGS", { payload: Buffer.concat(payload) });
}

/** A block of literals without index and without Huffman's code. */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const head = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}

export const request: readonly (readonly [string, string])[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "localhost"],
];

export function headers(
  stream: number,
  fields: readonly (readonly [string, string])[] = request,
  flags = END_HEADERS | END_STREAM,
): Buffer {
  return frame("HEADERS", { stream, flags, payload: block(fields) });
}

export function data(stream: number, payload: Uint8Array | string, flags = 0): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  return frame("DATA", { stream, flags, payload: bytes });
}

export class Wire implements Disposable {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  isClosed = false;

  constructor(port: number, { localAddress = "127.0.0.1" } = {}) {
    this.#socket = connect({ port, host: "127.0.0.1", localAddress });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
    this.#socket.on("error", () => undefined);
  }

  /** One that has sent its preface and its settings. */
  static open(port: number, ...more: readonly (readonly [number, number])[]): Wire {
    const wire = new Wire(port);
    wire.send(preface, settings(...more));
    return wire;
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when what was sent has left this process. */
  async flushed(): Promise<void> {
    await until(() => this.#socket.writableLength === 0 || this.isClosed);
  }

  /** The first frame of this type, on any stream or on this one. */
  async next(type: FrameName, stream?: number): Promise<Frame> {
    const found = () => this.frames.find((one) => one.type === type && (stream ?? one.stream) === one.stream);
    await until(() => found() !== undefined || this.isClosed);
    const frame = found();
    if (frame === undefined) throw new Error(`no ${type}; came: ${this.frames.map((one) => one.type)}`);
    return frame;
  }

  /** The code of the GOAWAY that ends the connection. */
  async ended(): Promise<CodeName | number> {
    await until(() => this.isClosed);
    const last = this.frames.findLast(({ type }) => type === "GOAWAY");
    return last === undefined ? -1 : nameOf(last.payload.readUInt32BE(4));
  }

  /** The code by which a stream was reset. */
  async reset(stream: number): Promise<CodeName | number> {
    return nameOf((await this.next("RST_STREAM", stream)).payload.readUInt32BE(0));
  }

  /** Resolves when a PING sent now has been answered: all before it has been handled. */
  async handled(): Promise<void> {
    const opaque = Buffer.from(`${Math.random()}`.padEnd(10, "0").slice(2, 10), "latin1");
    this.send(frame("PING", { payload: opaque }));
    const answered = () =>
      this.frames.some(
        (one) => one.type === "PING" && one.flags === ACK && one.payload.compare(opaque) === 0,
      );
    await until(() => answered() || this.isClosed);
    if (!answered()) throw new Error(`closed: ${await this.ended()}`);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 9) {
      const end = 9 + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) return;
      const number = this.#bytes[3] as number;
      const type = (Object.keys(types) as FrameName[]).find((name) => types[name] === number) ?? number;
      this.frames.push({
        type,
        flags: this.#bytes[4] as number,
        stream: this.#bytes.readUInt32BE(5),
        payload: Buffer.from(this.#bytes.subarray(9, end)),
      });
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

function nameOf(code: number): CodeName | number {
  return (Object.keys(codes) as CodeName[]).find((name) => codes[name] === code) ?? code;
}
