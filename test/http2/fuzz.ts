/**
 * Feeds connections with frames, in memory: right ones, and ones of which bytes were changed; in chunks of any length, to a server that
 * reads, answers, waits and gives up at random, over a socket that takes as much as it likes. With any input a connection fails by a
 * rule of the protocol or not at all, keeps its bounds, and sends nothing that the client has not allowed. Where every frame is
 * right, each whole request gets its whole answer.
 */
import { Budgets } from "../../src/http2/budget.ts";
import { Connection } from "../../src/http2/connection.ts";
import { ConnectionError } from "../../src/http2/errors.ts";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import type { Stream } from "../../src/http2/stream.ts";
import type { Transport } from "../../src/http2/transport.ts";
import { ClientModel } from "./fuzz-model.ts";
import { type Random, randomOf } from "./random.ts";
import {
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
} from "./wire.ts";

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
}

export interface FuzzResult {
  readonly connections: number;
  readonly frames: number;
  readonly answers: number;
  /** Connections that were ended by a rule, by its code. */
  readonly ended: Readonly<Record<string, number>>;
}

const framesPerConnection = 150;
const streamsMax = 20;
const head = encodeFields([[":status", "200"]]);
const trailers = encodeFields([["grpc-status", "0"]]);

/** Throws, with the seed, at the first thing that must not be. */
export async function fuzz({ frames, seed }: FuzzOptions): Promise<FuzzResult> {
  const result = { connections: 0, frames: 0, answers: 0, ended: {} as Record<string, number> };
  while (result.frames < frames) {
    const own = seed + result.connections;
    try {
      const one = await runConnection(randomOf(own));
      result.frames += one.frames;
      result.answers += one.answers;
      if (one.ended !== undefined) result.ended[one.ended] = (result.ended[one.ended] ?? 0) + 1;
    } catch (error) {
      throw new Error(`with the seed ${own}`, { cause: error });
    }
    result.connections += 1;
  }
  return result;
}

async function runConnection(random: Random) {
  const isRight = random.chance(0.5);
  const model = new ClientModel(isRight);
  let failure: unknown;
  let answers = 0;
  const transport = new RandomTransport(random, (bytes) => model.receive(bytes));
  const budget = new Budgets(
    isRight || random.chance(0.5)
      ? { frames: { max: 1e9, perSecond: 0 }, resets: { max: 1e9, perSecond: 0 } }
      : {},
  ).open("client");
  const server = new RandomServer(random, () => answers++);
  const connection = new Connection(transport, budget, {
    streamsMax,
    streamWindowBytes: 65_535,
    connectionWindowBytes: 200_000,
    headerListBytesMax: 2_000,
    times: {},
    onStream: (stream) => server.serve(stream),
    onFailure: (error) => {
      failure = error;
    },
  });
  const client = new RandomClient(random, model, isRight);
  let sent = 0;
  connection.data(Buffer.concat([preface, settings()]));
  while (sent < framesPerConnection && !connection.isOver) {
    const burst: Buffer[] = [];
    for (let n = random.below(12); n >= 0; n--) burst.push(client.next());
    sent += burst.length;
    let bytes: Buffer = Buffer.concat(burst);
    if (!isRight && random.chance(0.3)) bytes = changed(bytes, random);
    while (bytes.length > 0 && !connection.isOver) {
      const length = random.chance(0.5) ? bytes.length : 1 + random.below(Math.min(bytes.length, 3_000));
      connection.data(Buffer.from(bytes.subarray(0, length)));
      bytes = bytes.subarray(length);
      server.act();
    }
    if (random.chance(0.5)) await turn();
    if (transport.isBlocked && random.chance(0.7)) {
      transport.isBlocked = false;
      connection.drained();
    }
    if (connection.streams.size > streamsMax) throw new Error(`${connection.streams.size} streams`);
    model.assertAllowed();
  }
  if (failure !== undefined && !(failure instanceof ConnectionError)) throw failure;
  if (isRight) {
    if (failure !== undefined) throw failure;
    await client.finish(connection, server, transport);
  }
  connection.closed();
  server.assertClosed();
  return { frames: sent, answers, ended: failure instanceof ConnectionError ? `${failure.code}` : undefined };
}

/** Bytes of which some are others, are missing, or are there twice. */
function changed(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = 1 + random.below(4); n > 0; n--) copy[random.below(copy.length)] = random.below(256);
  if (random.chance(0.9)) return copy;
  const at = random.below(copy.length);
  return random.chance(0.5)
    ? Buffer.concat([copy.subarray(0, at), copy.subarray(at + random.below(20))])
    : Buffer.concat([copy.subarray(0, at), copy]);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A client whose frames are right, as far as it knows of what the server has sent. */
class RandomClient {
  readonly #random: Random;
  readonly #model: ClientModel;
  readonly #isRight: boolean;
  #nextStream = 1;
  /** Of a header block that has begun. */
  #block: { readonly stream: number; readonly rest: Buffer } | undefined;

  constructor(random: Random, model: ClientModel, isRight: boolean) {
    this.#random = random;
    this.#model = model;
    this.#isRight = isRight;
  }

  next(): Buffer {
    if (this.#block !== undefined) return this.#continue(this.#block);
    const random = this.#random;
    const open = this.#model.sending();
    const stream = open[random.below(open.length)];
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
        return open.length < streamsMax / 2 ? this.#open() : this.#data(stream);
      case 3:
      case 4:
      case 5:
      case 6:
        return this.#data(stream);
      case 7:
        return this.#model.grant(0, 1 + random.below(30_000));
      case 8: {
        const receiving = this.#model.receiving();
        const one = receiving[random.below(receiving.length)];
        return one === undefined ? Buffer.alloc(0) : this.#model.grant(one, 1 + random.below(30_000));
      }
      case 9:
        return random.chance(0.3)
          ? this.#model.resize(random.below(70_000))
          : frame("PING", { payload: Buffer.alloc(8) });
      case 10:
        if (stream === undefined || !random.chance(0.4))
          return frame(0xf0 + random.below(15), { payload: Buffer.alloc(random.below(50)) });
        this.#model.cancelled(stream);
        return frame("RST_STREAM", { stream, payload: uint32(8) });
      default:
        return frame("PRIORITY", { stream: this.#nextStream + 2, payload: [0, 0, 0, 0, random.below(256)] });
    }
  }

  /** Sends the rest of every request, takes every answer, and compares. */
  async finish(connection: Connection, server: RandomServer, transport: RandomTransport): Promise<void> {
    transport.isOpen = true;
    transport.isBlocked = false;
    connection.drained();
    if (this.#block !== undefined) connection.data(this.#continue(this.#block, true));
    server.isPatient = true;
    for (let n = 0; n < 2_000; n++) {
      connection.data(this.#model.grant(0, 20_000));
      for (const stream of this.#model.receiving()) connection.data(this.#model.grant(stream, 20_000));
      for (const stream of this.#model.sending()) connection.data(this.#data(stream, true));
      server.act();
      await turn();
      if (this.#model.receiving().length === 0) break;
    }
    this.#model.assertComplete();
  }

  #open(): Buffer {
    const random = this.#random;
    const stream = this.#nextStream;
    this.#nextStream += 2 * (1 + (random.chance(0.1) ? random.below(5) : 0));
    const ends = random.chance(0.3);
    this.#model.opened(stream, ends);
    const fields = [...request, ["x", "y".repeat(random.below(300))]] as const;
    const end = ends ? END_STREAM : 0;
    const whole = headers(stream, fields, END_HEADERS | end);
    if (!random.chance(0.2)) return whole;
    const bytes = whole.subarray(9);
    const at = random.below(bytes.length);
    this.#block = { stream, rest: bytes.subarray(at) };
    return frame("HEADERS", { stream, flags: end, payload: bytes.subarray(0, at) });
  }

  #continue({ stream, rest }: { readonly stream: number; readonly rest: Buffer }, whole = false): Buffer {
    const last = whole || this.#random.chance(0.7);
    const at = last ? rest.length : this.#random.below(rest.length + 1);
    this.#block = last ? undefined : { stream, rest: rest.subarray(at) };
    return frame("CONTINUATION", { stream, flags: last ? END_HEADERS : 0, payload: rest.subarray(0, at) });
  }

  #data(stream: number | undefined, whole = false): Buffer {
    const random = this.#random;
    if (stream === undefined) return Buffer.alloc(0);
    const padding = random.chance(0.2) ? 1 + random.below(256) : 0;
    const room = this.#isRight ? this.#model.room(stream) - padding : 16_000;
    const length = Math.min(random.chance(0.1) ? 12_000 : random.below(600), room);
    if (length < 0) return Buffer.alloc(0);
    const bytes = Buffer.alloc(length, stream);
    const ends = whole || random.chance(0.2);
    this.#model.sent(stream, bytes, { padding, ends });
    const flags = ends ? END_STREAM : 0;
    if (padding === 0) return data(stream, bytes, flags);
    const payload = Buffer.concat([Buffer.from([padding - 1]), bytes, Buffer.alloc(padding - 1)]);
    return frame("DATA", { stream, flags: flags | PADDED, payload });
  }
}

/** Answers with the body, in one of several ways, or gives up. */
class RandomServer {
  readonly #random: Random;
  readonly #answered: () => void;
  readonly #open = new Set<Stream>();
  #closes = 0;
  #streams = 0;
  /** Gives nothing up any more. */
  isPatient = false;

  constructor(random: Random, answered: () => void) {
    this.#random = random;
    this.#answered = answered;
  }

  serve(stream: Stream): void {
    this.#streams += 1;
    this.#open.add(stream);
    const chunks: Buffer[] = [];
    stream.onClose(() => {
      this.#closes += 1;
      this.#open.delete(stream);
    });
    if (this.#random.chance(0.3)) stream.pause();
    stream.read({
      data: (chunk) => chunks.push(chunk),
      end: () => {
        this.#answered();
        this.#answer(stream, Buffer.concat(chunks));
      },
    });
  }

  /** Does something with a call. */
  act(): void {
    for (const stream of this.#open) {
      if (this.isPatient || this.#random.chance(0.3)) stream.resume();
      else if (this.#random.chance(0.1)) stream.pause();
      if (this.isPatient || !this.#random.chance(0.01)) continue;
      if (stream.isAnswered) stream.reset(8);
      else stream.end(head);
    }
  }

  assertClosed(): void {
    if (this.#closes !== this.#streams)
      throw new Error(`${this.#streams} streams, ${this.#closes} were closed`);
  }

  #answer(stream: Stream, body: Buffer): void {
    if (this.#random.chance(0.5)) {
      stream.answer(head, body, trailers);
      return;
    }
    stream.respond(head);
    const at = this.#random.below(body.length + 1);
    stream.write(body.subarray(0, at));
    stream.write(body.subarray(at));
    stream.end(this.#random.chance(0.5) ? trailers : undefined);
  }
}

class RandomTransport implements Transport {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly #random: Random;
  readonly #receive: (bytes: Buffer) => void;
  isBlocked = false;
  /** Takes all from now on. */
  isOpen = false;

  constructor(random: Random, receive: (bytes: Buffer) => void) {
    this.#random = random;
    this.#receive = receive;
  }

  write(bytes: Uint8Array): number {
    if (this.isBlocked) throw new Error("written while it takes nothing");
    this.isBlocked = !this.isOpen && this.#random.chance(0.2);
    const taken = this.isBlocked ? this.#random.below(bytes.length) : bytes.length;
    this.#receive(Buffer.from(bytes.subarray(0, taken)));
    return taken;
  }

  end(): void {}
  destroy(): void {}
}
