/** Reads request bodies within the bound, whatever their headers promise and however far they unpack. */
import { MarsError } from "../../event/error.ts";
import { bodyBytesMax } from "../../event/limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What `content-encoding` may say, and the web's names for it. */
const codings = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate", zstd: "zstd", br: "brotli" } as const;

/** What of a body beyond the bound is read and thrown away before the client is told. */
const discardBytesMax = bodyBytesMax;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The codings in which bodies may come, for an `accept-encoding` header. */
export const acceptedCodings = "gzip, zstd, deflate, br";

/**
 * Reads a body as text, unpacked; a byte order mark is left out.
 *
 * @throws `MarsError` `too_large` beyond `bodyBytesMax` after decompression, `unsupported_media_type` for an unknown
 *   coding, `malformed` for what does not unpack or is not UTF-8
 */
export async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new MarsError("malformed", "body is not valid UTF-8", { cause });
  }
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

async function readBytes(request: Request): Promise<Bytes> {
  const coding = request.headers.get("content-encoding");
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > bodyBytesMax) {
    await discard(request.body);
    throw tooLarge(`${length} bytes`);
  }
  if (coding === null && length !== null) {
    // The server holds the body to its announced length, so this is bounded, and quicker than chunk by chunk.
    try {
      return (await request.bytes()) as Bytes;
    } catch (cause) {
      throw brokenOff(cause);
    }
  }
  if (request.body === null) return new Uint8Array(0);
  return collect(request.body, coding);
}

async function collect(body: ReadableStream<Bytes>, coding: string | null): Promise<Bytes> {
  const names = (coding ?? "").split(",").map((name) => name.trim().toLowerCase());
  const packed = names.filter((name) => name !== "" && name !== "identity");
  const [name] = packed;
  if (name === undefined) return concat(body, () => discard(body), brokenOff);
  if (packed.length > 1) throw unsupported(`${packed.length} codings, one upon the other,`);
  return concat(unpack(body, name), undefined, (cause) => {
    return new MarsError("malformed", `body is not valid ${name}: ${reasonOf(cause)}`, { cause });
  });
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

/** Puts chunks together as they come, and stops reading at the bound: a bomb unpacks no further than that. */
async function concat(
  chunks: ReadableStream<Bytes>,
  onTooLarge: (() => Promise<void>) | undefined,
  fault: (cause: unknown) => MarsError,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = chunks.getReader();
  while (length <= bodyBytesMax) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw fault(cause);
    });
    if (done) return join(parts, length);
    parts.push(value);
    length += value.byteLength;
  }
  parts.length = 0;
  if (onTooLarge === undefined) {
    // Not awaited: it would wait for a client that goes on sending.
    reader.cancel().catch(() => {});
  } else {
    reader.releaseLock();
    await onTooLarge();
  }
  throw tooLarge(`more${onTooLarge === undefined ? " after decompression" : ""}`);
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
    reader.cancel().catch(() => {});
  } catch {
    // The client has gone; there is nobody to answer.
  }
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
