/** Success answers as JSON, compressed where the client asks and it is worth it. */
import type { HttpContext } from "./router.ts";

/** Below this many characters compression costs more than it saves. */
const compressLengthMin = 1024;

const jsonHeaders = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** What is offered, by the web's names, which HTTP shares. */
type Coding = "zstd" | "gzip";

/** The first is preferred where a client has no preference. */
const codings: readonly Coding[] = ["zstd", "gzip"];

/** Answers with `text`, which is JSON. */
export function answerJson(c: HttpContext, text: string, status = 200): Response {
  const headers = new Headers(jsonHeaders);
  if (text.length < compressLengthMin) return new Response(text, { status, headers });
  headers.set("vary", "accept-encoding");
  const coding = preferredCoding(c.req.header("accept-encoding"));
  const stream = coding && compressor(coding);
  const body = stream && new Response(text).body?.pipeThrough(stream);
  if (coding === undefined || body === undefined) return new Response(text, { status, headers });
  headers.set("content-encoding", coding);
  return new Response(body, { status, headers });
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
  // What a client wants less than no coding at all is not forced upon it.
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

function compressor(coding: Coding): CompressionStream | undefined {
  try {
    return new CompressionStream(coding);
  } catch {
    // A runtime without zstd; the answer goes out as it is.
    return undefined;
  }
}
