/** Reads request bodies within the bound, whatever their headers promise and however far they unpack. */
import { MarsError } from "../../event/error.ts";
import { bodyBytesMax } from "../../event/limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What `content-encoding` may say, and the web's names for it. */
const codings = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate", zstd: "zstd", br: "brotli" } as const;

/** The codings in which bodies may come, for an `accept-encoding` header. */
export const acceptedCodings = "gzip, zstd, deflate, br";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What of a body beyond the bound is read and thrown away before the client is told. */
const discardBytesMax = bodyBytesMax;

/** Bodies up to this size are read in one piece and not counted: connections are what bounds them. */
const smallBytesMax = 64 * 1024;

/** What all bodies together have sent and not yet sent in full; 32 of the largest. */
const heldBytesMaxDefault = 32 * bodyBytesMax;
const heldRetryMs = 1_000;

/** The bytes that unfinished bodies hold, and how many they may. */
interface Held {
  bytes: number;
  readonly bytesMax: number;
}

/**
 * Reads a body as text, unpacked; a byte order mark is left out. Rejects with `MarsError` `too_large` beyond
 * `bodyBytesMax` after decompression, `unsupported_media_type` for an unknown coding, `malformed` for what does not
 * unpack or is not UTF-8, `overloaded` when too many large bodies are on their way at one time.
 */
export type BodyReader = (request: Request) => Promise<string>;

export function createBodyReader(heldBytesMax = heldBytesMaxDefault): BodyReader {
  const held: Held = { bytes: 0, bytesMax: heldBytesMax };
  return async (request) => {
    const bytes = await readBytes(request, held);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new MarsError("malformed", "body is not valid UTF-8", { cause });
    }
  };
}

/**
 * Parses a body that is one JSON value.
 *
 * @throws `MarsError("malformed")`
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.trim() === "") throw new MarsError("malformed", "body is empty", { cause });
    throw new MarsError("malformed", `body is not valid JSON: ${reasonOf(cause)}`, { cause });
  }
}

/** The parser's own words, without its name before them. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, "") : String(cause);
}

async function readBytes(request: Request, held: Held): Promise<Bytes> {
  const coding = request.headers.get("content-encoding");
  const length = request.headers.get("content-length");
  if (coding === null && length !== null && Number(length) <= smallBytesMax) {
    // The server holds the body to its announced length, so this is bounded, and quicker than chunk by chunk.
    try {
      return (await request.bytes()) as Bytes;
    } catch (cause) {
      throw brokenOff(cause);
    }
  }
  const { body } = request;
  if (length !== null && Number(length) > bodyBytesMax) {
    await discard(body);
    throw tooLarge(`${length} bytes`);
  }
  if (body === null) return new Uint8Array(0);
  const packing = packingOf(coding);
  if (packing === undefined) return collect(body, held, brokenOff, () => discard(body));
  return collect(unpack(body, packing), held, (cause) => {
    return new MarsError("malformed", `body is not valid ${packing}: ${reasonOf(cause)}`, { cause });
  });
}

/** The one coding that a `content-encoding` names, if it names any. */
function packingOf(header: string | null): string | undefined {
  const names = (header ?? "").split(",").map((name) => name.trim().toLowerCase());
  const packings = names.filter((name) => name !== "" && name !== "identity");
  if (packings.length > 1) throw unsupported(`${packings.length} codings, one upon the other`);
  return packings[0];
}

function unpack(body: ReadableStream<Bytes>, coding: string): ReadableStream<Bytes> {
  if (!Object.hasOwn(codings, coding)) throw unsupported(JSON.stringify(coding));
  let stream: DecompressionStream;
  try {
    stream = new DecompressionStream(codings[coding as keyof typeof codings]);
  } catch {
    // Not every runtime has zstd and brotli.
    throw unsupported(JSON.stringify(coding));
  }
  return body.pipeThrough(stream as ReadableWritablePair<Bytes, Bytes>);
}

/**
 * Puts chunks together as they come, and stops at the bound: a bomb unpacks no further than that.
 *
 * @param fault what to make of a failure to read
 * @param discardRest reads on after the bound; without it the client is left with what it has not sent yet
 */
async function collect(
  chunks: ReadableStream<Bytes>,
  held: Held,
  fault: (cause: unknown) => MarsError,
  discardRest?: () => Promise<void>,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = chunks.getReader();
  try {
    while (length <= bodyBytesMax) {
      const { done, value } = await reader.read();
      if (done) return join(parts, length);
      parts.push(value);
      length += value.byteLength;
      held.bytes += value.byteLength;
      if (held.bytes > held.bytesMax) throw tooManyHeld();
    }
  } catch (thrown) {
    reader.cancel().catch(() => {});
    throw thrown instanceof MarsError ? thrown : fault(thrown);
  } finally {
    held.bytes -= length;
    reader.releaseLock();
  }
  parts.length = 0;
  if (discardRest === undefined) cancel(chunks);
  else await discardRest();
  throw tooLarge(discardRest === undefined ? "more after decompression" : "more");
}

function join(parts: readonly Bytes[], length: number): Bytes {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

/**
 * Reads what is left of a body and throws it away, within a bound: many clients look at an answer only once they have
 * sent all, and take a connection that is closed before that for a failure of the network.
 */
async function discard(body: ReadableStream<Bytes> | null): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  let length = 0;
  try {
    while (length <= discardBytesMax) {
      const { done, value } = await reader.read();
      if (done) return;
      length += value.byteLength;
    }
    reader.releaseLock();
    cancel(body);
  } catch {
    // The client has gone; there is nobody to answer.
  }
}

/** Not awaited by anybody: it ends when the client ends. */
function cancel(stream: ReadableStream<Bytes>): void {
  stream.cancel().catch(() => {});
}

function tooManyHeld(): MarsError {
  return new MarsError("overloaded", "too many large bodies are on their way", { retryAfterMs: heldRetryMs });
}

function brokenOff(cause: unknown): MarsError {
  return new MarsError("malformed", "body broke off", { cause });
}

function tooLarge(size: string): MarsError {
  return new MarsError("too_large", `body must be at most ${bodyBytesMax} bytes, has ${size}`);
}

function unsupported(what: string): MarsError {
  return new MarsError(
    "unsupported_media_type",
    `content-encoding must be one of ${acceptedCodings}, is ${what}`,
  );
}
