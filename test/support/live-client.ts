/** WebSocket clients for tests: frames are awaited, and one that can stop reading. */
import { connect, type Socket } from "node:net";
import type { TestMars } from "./mars.ts";

// biome-ignore lint/suspicious/noExplicitAny: a frame is any JSON that the server sent, to be compared
export type Frame = any;

const patienceMs = 10_000;

/** A queue whose items are awaited; asking for one that does not come fails. */
class Inbox<Item> {
  readonly #items: Item[] = [];
  #taker: ((item: Item) => void) | undefined;

  put(item: Item): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  next(what: string): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} came`)), patienceMs);
      this.#taker = (taken) => {
        clearTimeout(timer);
        resolve(taken);
      };
    });
  }

  get waiting(): number {
    return this.#items.length;
  }
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export class LiveClient {
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox<Frame>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    });
    socket.onmessage = ({ data }) => this.#inbox.put(JSON.parse(String(data)));
  }

  static async open(
    mars: Pick<TestMars, "url">,
    path = "/ws",
    headers?: Record<string, string>,
    { ca, protocols }: { readonly ca?: string; readonly protocols?: string[] } = {},
  ): Promise<LiveClient> {
    const url = `${mars.url.replace("http", "ws")}${path}`;
    const options = {
      ...(headers && { headers }),
      ...(ca !== undefined && { tls: { ca } }),
      ...(protocols && { protocols }),
    };
    const socket = Object.keys(options).length === 0 ? new WebSocket(url) : new WebSocket(url, options);
    const client = new LiveClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("the socket was refused"));
    });
    return client;
  }

  /** The subprotocol that the server has chosen. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
  }

  next(): Promise<Frame> {
    return this.#inbox.next("frame");
  }

  /** Frames that have come and were not asked for. */
  get waiting(): number {
    return this.#inbox.waiting;
  }

  async subscribe(topic: string, after?: number): Promise<Frame> {
    this.send({ type: "subscribe", topic, after });
    const frame = await this.next();
    if (frame.type !== "subscribed") throw new Error(JSON.stringify(frame));
    return frame;
  }

  /** The next `count` events, which must be all that comes. */
  async events(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) {
      const frame = await this.next();
      if (frame.type !== "event") throw new Error(JSON.stringify(frame));
      frames.push(frame);
    }
    return frames;
  }

  /** Waits until everything sent before is answered; fails when anything but the answer comes. */
  async answered(): Promise<void> {
    this.send({ type: "ping" });
    const frame = await this.next();
    if (frame.type !== "pong") throw new Error(`unexpected ${JSON.stringify(frame)}`);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

/** A client on a bare socket, which can stop reading as a stuck one does. */
export class StubbornClient {
  readonly closed: Promise<Closing>;
  readonly #socket: Socket;
  readonly #inbox = new Inbox<Frame>();
  #rest = Buffer.alloc(0);
  #close!: (closing: Closing) => void;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    socket.on("error", () => this.#close({ code: 1006, reason: "" }));
    socket.on("close", () => this.#close({ code: 1006, reason: "" }));
  }

  static async open({ httpPort }: Pick<TestMars, "httpPort">): Promise<StubbornClient> {
    const socket = connect(httpPort, "127.0.0.1");
    const client = new StubbornClient(socket);
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await new Promise((resolve) => socket.once("data", resolve));
    socket.on("data", (chunk) => client.#read(chunk as Buffer));
    return client;
  }

  send(frame: object): void {
    const text = Buffer.from(JSON.stringify(frame));
    if (text.length > 125) throw new Error("only short frames are needed here");
    // A text frame, masked by zeros.
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  }

  next(): Promise<Frame> {
    return this.#inbox.next("frame");
  }

  get waiting(): number {
    return this.#inbox.waiting;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let size = frameSize(data); size !== undefined; size = frameSize(data)) {
      const body = data.subarray(size.header, size.header + size.body);
      if (size.opcode === 1) this.#inbox.put(JSON.parse(body.toString()));
      if (size.opcode === 8) this.#close({ code: body.readUInt16BE(0), reason: body.subarray(2).toString() });
      data = data.subarray(size.header + size.body);
    }
    this.#rest = Buffer.from(data);
  }
}

function frameSize(data: Buffer): { header: number; body: number; opcode: number } | undefined {
  if (data.length < 10 && data.length < 2 + ((data[1] ?? 0) & 127)) return undefined;
  const short = data[1]! & 127;
  if ((short === 126 && data.length < 4) || (short === 127 && data.length < 10)) return undefined;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const body = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  return data.length < header + body ? undefined : { header, body, opcode: data[0]! & 15 };
}

/** Sends events over REST. Returns the seq of the last, which is on disk then, but not necessarily published. */
export async function report(mars: Pick<TestMars, "url">, ...events: readonly object[]): Promise<number> {
  const response = await fetch(`${mars.url}/api/event/bulk`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ events }),
  });
  const answer: Frame = await response.json();
  if (!answer.success) throw new Error(JSON.stringify(answer));
  return answer.seq;
}
