/** Success answers as JSON or text, compressed where the client asks for it and they are long enough. */
import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";
import { oneChunk, pacedBody } from "../paced-body.ts";
import { type HttpContext, peerOf } from "./router.ts";

/** Below this many characters compression costs more than it saves. */
const compressLengthMin = 1024;

/** The bytes that a connection's own buffers hold; a longer answer is sent at its client's pace. */
const pacedLengthMin = 32 * 1024;

const jsonHeaders = { "content-type": "application/json", "cache-control": "no-store" };

/** The offered codings, by the web's names, which are also HTTP's. */
type Coding = "zstd" | "gzip";

type Compress = (text: string) => Promise<Uint8Array<ArrayBuffer>>;

/** On the thread pool. A runtime without zstd lacks that one. */
const compressors: Readonly<Record<Coding, Compress | undefined>> = {
  zstd: zstdCompress === undefined ? undefined : (promisify(zstdCompress) as Compress),
  gzip: promisify(gzip) as Compress,
};

/** The first is preferred where a client has no preference. */
const codings: readonly Coding[] = ["zstd", "gzip"];

/** Answers with this JSON, and a newline at its end; a long one at the client's pace. */
export function answerJson(c: HttpContext, json: string, status = 200): Response | Promise<Response> {
  return answerText(c, `${json}\n`, jsonHeaders, status);
}

/** Answers with this text in the same way. @param fields its type, and what else the answer's head has to say */
export function answerText(
  c: HttpContext,
  text: string,
  fields: Readonly<Record<string, string>>,
  status = 200,
): Response | Promise<Response> {
  const headers = new Headers(fields);
  if (text.length < compressLengthMin) return new Response(text, { status, headers });
  headers.append("vary", "accept-encoding");
  const coding = preferredCoding(c.req.header("accept-encoding"));
  const compress = coding && compressors[coding];
  if (coding !== undefined && compress !== undefined) {
    headers.set("content-encoding", coding);
    return compress(text).then((bytes) => new Response(bodyOf(c, bytes), { status, headers }));
  }
  if (text.length < pacedLengthMin) return new Response(text, { status, headers });
  return new Response(bodyOf(c, new TextEncoder().encode(text)), { status, headers });
}

function bodyOf(
  c: HttpContext,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> {
  const budget = c.env?.budget;
  if (budget === undefined || bytes.byteLength < pacedLengthMin) return bytes;
  return pacedBody(oneChunk(bytes), { budget, peer: peerOf(c) });
}

/**
 * The offered coding to which an `accept-encoding` gives the most weight; `undefined` for none, and for a client that
 * likes its answers as they are better still. RFC 9110 section 12.5.3; `*` is taken for no particular wish.
 */
export function preferredCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined || acceptEncoding === "") return undefined;
  const weights = new Map<string, number>();
  for (const item of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    weights.set(name === "x-gzip" ? "gzip" : name, weightOf(parameters));
  }
  let best: Coding | undefined;
  // A coding that the client likes less than none is not used.
  let bestWeight = Math.max(weights.get("identity") ?? 0, Number.MIN_VALUE);
  for (const coding of codings) {
    const weight = weights.get(coding) ?? 0;
    if (weight > bestWeight || (best === undefined && weight === bestWeight)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  if (q === undefined) return 1;
  const weight = Number(q.slice(2));
  return Number.isFinite(weight) ? weight : 0;
}
