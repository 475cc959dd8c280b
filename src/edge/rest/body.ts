/** Reads request bodies within the bound of their route, which holds for the received and for the unpacked bytes. */
import type { Peer } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { BudgetLease } from "../budget.ts";
import type { EventSender } from "../event-limits.ts";
import { free, join } from "../free.ts";
import { discard } from "../http/discard.ts";
import { isBrokenOff } from "../http/whole-body.ts";
import { bodyTimeoutMsFor, type Intake, smallBytesMax } from "../intake.ts";
import { parseEventJson, parseJson } from "../json.ts";
import { type Exchange, peerOf } from "./router.ts";
import { type Bytes, packingOf, unpack } from "./unpack.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The lease of a body without an announced length grows by this many bytes. */
const stepBytes = 64 * 1024;

const noRoomRetryMs = 1_000;

/** A body, and its leases of the budgets until it has been parsed. */
export interface Body {
  /** Unpacked. */
  readonly bytes: Bytes;
  release(): void;
}

export interface BodyOptions {
  /** Whether it is refused unread where events of its length would be refused: see `Intake.admit`. Default: no. */
  readonly takesEvents?: boolean;
  /** Whose body it is, where the request does not have its caller yet. */
  readonly sender?: EventSender;
}

/**
 * Reads a body whole. Rejects with `MarsError` `too_large` for more than `bytesMax`, packed or unpacked, or too much of it
 * from too little; `unsupported_media_type` for an unknown coding; `malformed` for a body that breaks off or does not unpack;
 * `overloaded` when too many bytes are in work; `deadline_exceeded` for a body that comes too slowly.
 */
export async function readBody(
  intake: Intake,
  c: Exchange,
  bytesMax: number,
  { takesEvents = false, sender }: BodyOptions = {},
): Promise<Body> {
  const request = c.req.raw;
  const small = smallBody(request);
  if (small !== undefined) return { bytes: await small, release: nothing };
  const { headers } = request;
  const coding = headers.get("content-encoding");
  const announced = headers.get("content-length");
  const length = announced === null ? undefined : Number(announced);
  // Without an announced length, the time for the longest body.
  if (takesEvents) intake.admit(length ?? bytesMax);
  if (length !== undefined && length > bytesMax) throw tooLarge(bytesMax, `${length} bytes`);
  const packing = packingOf(coding);
  const { peer } = sender ?? { peer: peerOf(c) };
  const room = length ?? stepBytes;
  const lease =
    intake.received.tryTake(peer, room) ?? (await intake.received.take(peer, room, request.signal));
  let place: BudgetLease | undefined;
  const release = () => {
    lease.release();
    place?.release();
  };
  try {
    const sent = await receive(request, { intake, peer, length, bytesMax, lease });
    if (length !== undefined) assertLength(sent, length);
    else if (await isBrokenOff(request)) throw brokenOff(request.signal.reason);
    if (packing === undefined && sent.byteLength <= stepBytes) return { bytes: sent, release };
    place = await intake.place(peer, request.signal);
    if (packing === undefined) return { bytes: sent, release };
    return { bytes: await unpack(sent, packing, bytesMax, intake.turns), release };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Reads a body that is one small JSON value. Rejects as `readBody` and `parseJson` do. */
export async function readJson(
  intake: Intake,
  c: Exchange,
  bytesMax: number,
  options?: BodyOptions,
): Promise<unknown> {
  const parse = options?.takesEvents === true ? parseEventJson : parseJson;
  const small = smallBody(c.req.raw);
  if (small !== undefined) return parse(textOf(await small));
  const body = await readBody(intake, c, bytesMax, options);
  try {
    const turn = intake.turns.spend(body.bytes.byteLength);
    if (turn !== undefined) await turn;
    return parse(textOf(body.bytes));
  } finally {
    body.release();
  }
}

/** The same where there is a body; `undefined` for a request without one. */
export async function readAnyJson(intake: Intake, c: Exchange, bytesMax: number): Promise<unknown> {
  const body = await readBody(intake, c, bytesMax);
  try {
    return body.bytes.byteLength === 0 ? undefined : parseJson(textOf(body.bytes));
  } finally {
    body.release();
  }
}

/** A body that is announced as small and uncompressed, whose bytes are not counted; `undefined` for any other. */
function smallBody(request: Request): Promise<Bytes> | undefined {
  const { headers } = request;
  const announced = headers.get("content-length");
  if (announced === null) return undefined;
  const length = Number(announced);
  if (!(length <= smallBytesMax) || headers.get("content-encoding") !== null) return undefined;
  // The server holds the body to its announced length, so this is bounded, and quicker than chunk by chunk.
  return request.bytes().then((bytes) => assertLength(bytes as Bytes, length), throwBrokenOff);
}

/**
 * The text of bytes; a byte order mark is left out.
 *
 * @throws `MarsError("malformed")`
 */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new MarsError("malformed", "body is not valid UTF-8", { cause });
  }
}

function nothing(): void {}

/** By HTTP/1.1 the length is what frames a body; by HTTP/2 it is only announced, and the server does not compare. */
function assertLength(bytes: Bytes, announced: number): Bytes {
  if (bytes.byteLength === announced) return bytes;
  throw new MarsError("malformed", `body has ${bytes.byteLength} bytes, content-length says ${announced}`);
}

function wholeOf(request: Request): Promise<Bytes> {
  return (request.bytes() as Promise<Bytes>).catch(throwBrokenOff);
}

function throwBrokenOff(cause: unknown): never {
  throw brokenOff(cause);
}

interface Receiving {
  readonly intake: Intake;
  readonly peer: Peer;
  /** As announced. */
  readonly length: number | undefined;
  readonly bytesMax: number;
  readonly lease: BudgetLease;
}

/** Joins a body's chunks as they come, and stops at the bound or when the time is over. */
async function receive(request: Request, receiving: Receiving): Promise<Bytes> {
  const { length, bytesMax } = receiving;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const late = () => reject(new MarsError("deadline_exceeded", "body came too slowly"));
  const timer = setTimeout(late, bodyTimeoutMsFor(length ?? bytesMax));
  try {
    // Quicker than chunk by chunk, and bounded by what was announced.
    if (length !== undefined && length <= stepBytes) return await Promise.race([wholeOf(request), over]);
    if (request.body === null) return new Uint8Array(0);
    return await chunksOf(request.body, receiving, over);
  } finally {
    clearTimeout(timer);
  }
}

async function chunksOf(
  body: ReadableStream<Bytes>,
  { intake, peer, bytesMax, lease }: Receiving,
  over: Promise<never>,
): Promise<Bytes> {
  const reader = body.getReader();
  let late: unknown;
  over.catch((error) => {
    late = error;
    // Ends the read that waits.
    reader.cancel().catch(nothing);
  });
  const chunks: Bytes[] = [];
  let received = 0;
  let refusal: MarsError | undefined;
  while (refusal === undefined) {
    const { done, value } = await reader.read().catch((cause) => {
      throw late ?? brokenOff(cause);
    });
    if (late !== undefined) throw late;
    if (done) return join(chunks, received);
    chunks.push(value);
    received += value.byteLength;
    if (received > bytesMax) refusal = tooLarge(bytesMax, "more");
    else if (lease.amount < received && !lease.grow(roundUp(received - lease.amount))) refusal = noRoom();
  }
  for (const chunk of chunks) free(chunk);
  lease.release();
  await discard(reader, intake, peer);
  throw refusal;
}

/** Reads the rest of a refused body; see `discard`. */
export async function discardBody(intake: Intake, c: Exchange): Promise<void> {
  const { body, bodyUsed, headers } = c.req.raw;
  if (bodyUsed || body === null) return;
  const announced = headers.get("content-length");
  // The bytes that a client may send before it reads.
  if (announced !== null && Number(announced) < stepBytes) return;
  await discard(body.getReader(), intake, peerOf(c));
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / stepBytes) * stepBytes;
}

function brokenOff(cause: unknown): MarsError {
  return new MarsError("malformed", "body broke off", { cause });
}

function noRoom(): MarsError {
  return new MarsError("overloaded", "too many bytes of request bodies are in work", {
    retryAfterMs: noRoomRetryMs,
  });
}

function tooLarge(bytesMax: number, size: string): MarsError {
  return new MarsError("too_large", `body must be at most ${bytesMax} bytes, has ${size}`);
}
