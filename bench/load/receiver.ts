/**
 * Many WebSockets in a process of its own, on bare TCP: frames are counted by their heads and never read, so that receiving
 * costs as little as it can and the server is what is measured.
 *
 *     bun bench/load/receiver.ts PORT SOCKETS TOPIC            subscribes, reports it, and stays until its stdin ends
 *     bun bench/load/receiver.ts PORT SOCKETS TOPIC SECONDS    then posts events of one message, the next batch when every
 *                                                              socket has all of the last, and prints a `FanOut`
 */
import type { Socket } from "bun";
import { stages } from "../events.ts";
import { cpuSeconds } from "../process.ts";

export interface FanOut {
  readonly frames: number;
  readonly seconds: number;
  /** Of all frames together, heads included. */
  readonly bytes: number;
  /** Events posted, all of them acknowledged. */
  readonly acknowledged: number;
  /** CPU of this process, in cores. */
  readonly cores: number;
}

const batchEvents = 50;
/** After so long without a frame, frames are lost. */
const patienceMs = 20_000;
/** Connections opened at the same time; more would overflow the server's accept queue. */
const openingMax = 50;

const handshake = (port: number) =>
  `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Where a socket's stream is. */
interface Stream {
  upgraded: boolean;
  /** Bytes of the current frame's body that are still to come. */
  rest: number;
  /** The start of a head that the last chunk ended in. */
  head: Buffer;
}

const [port = 0, sockets = 0, topic = "", seconds = 0] = process.argv
  .slice(2)
  .map((text, n) => (n === 2 ? text : Number(text))) as [number, number, string, number?];

let frames = 0;
let bytes = 0;
let awaited = Number.POSITIVE_INFINITY;
let arrived = () => {};

await subscribe();
if (seconds === 0) {
  process.stdout.write("subscribed\n");
  await Bun.stdin.text();
} else {
  process.stdout.write(`${JSON.stringify(await fanOut())}\n`);
}
process.exit(0);

async function subscribe(): Promise<void> {
  const confirmed = framesUntil(sockets);
  for (let open = 0; open < sockets; open += openingMax) {
    await Promise.all(Array.from({ length: Math.min(openingMax, sockets - open) }, connect));
  }
  await confirmed;
}

function connect(): Promise<Socket<Stream>> {
  return Bun.connect<Stream>({
    hostname: "127.0.0.1",
    port,
    data: { upgraded: false, rest: 0, head: Buffer.alloc(0) },
    socket: {
      open: (socket) => void socket.write(handshake(port)),
      data: read,
      close: () => fail("the server has closed a subscriber's connection"),
      error: (_, error) => fail(error.message),
    },
  });
}

function read(socket: Socket<Stream>, chunk: Buffer): void {
  const stream = socket.data;
  let at = 0;
  if (!stream.upgraded) {
    const end = chunk.indexOf("\r\n\r\n");
    if (!chunk.toString("latin1").startsWith("HTTP/1.1 101") || end < 0) {
      fail(`no WebSocket: ${chunk.toString("latin1")}`);
    }
    at = end + 4;
    stream.upgraded = true;
    socket.write(textFrame(JSON.stringify({ type: "subscribe", topic })));
  }
  bytes += chunk.length - at;
  if (stream.head.length > 0) {
    chunk = Buffer.concat([stream.head, chunk.subarray(at)]);
    at = 0;
    stream.head = Buffer.alloc(0);
  }
  while (at < chunk.length) {
    if (stream.rest > 0) {
      const step = Math.min(stream.rest, chunk.length - at);
      stream.rest -= step;
      at += step;
      if (stream.rest === 0) count();
      continue;
    }
    // Frames of servers are not masked: two bytes, and where the second says so two or eight more of length.
    const short = chunk[at + 1] ?? 0;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (chunk.length - at < head) {
      stream.head = Buffer.from(chunk.subarray(at));
      return;
    }
    if ((chunk[at]! & 15) === 8) fail("the server has ended a subscription");
    stream.rest =
      short < 126
        ? short
        : short === 126
          ? chunk.readUInt16BE(at + 2)
          : Number(chunk.readBigUInt64BE(at + 2));
    at += head;
  }
}

function count(): void {
  if (++frames === awaited) arrived();
}

function framesUntil(total: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => fail(`${frames} of ${total} frames have come`), patienceMs);
    awaited = total;
    arrived = () => {
      clearTimeout(timer);
      resolve();
    };
    if (frames >= total) arrived();
  });
}

async function fanOut(): Promise<FanOut> {
  frames = 0;
  bytes = 0;
  let acknowledged = 0;
  const message = crypto.randomUUID();
  const cpu = cpuSeconds(process.pid);
  const started = performance.now();
  const end = started + seconds * 1000;
  while (performance.now() < end) {
    const events = Array.from({ length: batchEvents }, (_, n) => ({
      app_id: "bench",
      message_id: message,
      event: stages[n % stages.length],
      event_id: String(acknowledged + n),
    }));
    const all = framesUntil((acknowledged + batchEvents) * sockets);
    const response = await fetch(`http://127.0.0.1:${port}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ events }),
    });
    if (response.status !== 200) fail(`${response.status}: ${await response.text()}`);
    acknowledged += batchEvents;
    await all;
  }
  const spent = (performance.now() - started) / 1000;
  return { frames, seconds: spent, bytes, acknowledged, cores: (cpuSeconds(process.pid) - cpu) / spent };
}

/** As a client has to send it: masked, by zeros. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  if (body.length > 125) fail("the topic is too long for a short frame");
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

function fail(message: string): never {
  process.stderr.write(`receiver: ${message}\n`);
  process.exit(1);
}
