/** Unpacks bodies that come compressed, within a bound and at a pace. */
import { Duplex } from "node:stream";
import { createBrotliDecompress, createZstdDecompress } from "node:zlib";
import { MarsError } from "../../core/error.ts";
import { free, join } from "../free.ts";
import { jsonReason } from "../json.ts";
import type { Turns } from "../turns.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** The values of `content-encoding`, and the web's names for them. */
const codings = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate", zstd: "zstd", br: "brotli" } as const;

/** The codings in which bodies may come, for an `accept-encoding` header. */
export const acceptedCodings = "gzip, zstd, deflate, br";

/** The ratio to which a body may unpack. Events compress by 5 to 50, equal ones by more. */
const expansionMax = 1_000;
/** A body may always unpack to this much: ten thousand times the same event. */
const unpackedBytesMin = 2 * 1024 * 1024;

/**
 * The one coding that a `content-encoding` names, if it names any.
 *
 * @throws `MarsError("unsupported_media_type")`
 */
export function packingOf(header: string | null): string | undefined {
  if (header === null) return undefined;
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  const packings = names.filter((name) => name !== "" && name !== "identity");
  if (packings.length > 1) throw unsupported(`${packings.length} codings, one upon the other`);
  const [packing] = packings;
  if (packing !== undefined && !Object.hasOwn(codings, packing)) throw unsupported(JSON.stringify(packing));
  return packing;
}

/**
 * Unpacks a body that has arrived whole. Rejects with `MarsError` `too_large` beyond `bytesMax`, and beyond `expansionMax`
 * times its size: a bomb unpacks no further than that; `malformed` for bytes that are not of this coding.
 */
export async function unpack(packed: Bytes, packing: string, bytesMax: number, turns: Turns): Promise<Bytes> {
  const bound = Math.min(bytesMax, Math.max(unpackedBytesMin, packed.byteLength * expansionMax));
  const chunks: Bytes[] = [];
  let length = 0;
  const reader = unpacked(packed, packing).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        free(packed);
        return join(chunks.splice(0), length);
      }
      chunks.push(value);
      length += value.byteLength;
      if (length > bound) break;
      const turn = turns.spend(value.byteLength);
      if (turn !== undefined) await turn;
    }
  } catch (cause) {
    throw new MarsError("malformed", `body is not valid ${packing}: ${jsonReason(cause)}`, { cause });
  } finally {
    for (const chunk of chunks) free(chunk);
    // It may have failed already, or be at its end.
    reader.cancel().catch(() => {});
  }
  throw new MarsError(
    "too_large",
    bound === bytesMax
      ? `body must be at most ${bytesMax} bytes, has more after decompression`
      : `body must not unpack to more than ${expansionMax} times its ${packed.byteLength} bytes`,
  );
}

function unpacked(packed: Bytes, packing: string): ReadableStream<Bytes> {
  const source = new Response(packed).body;
  if (source === null) throw new Error("a response of bytes has a body");
  return source.pipeThrough(decompressor(packing as keyof typeof codings));
}

/** The web's stream, or Node's where the web API lacks zstd and brotli. */
function decompressor(packing: keyof typeof codings): ReadableWritablePair<Bytes, Bytes> {
  const coding = codings[packing];
  try {
    return new DecompressionStream(coding) as ReadableWritablePair<Bytes, Bytes>;
  } catch {
    const stream = coding === "zstd" ? createZstdDecompress() : createBrotliDecompress();
    return Duplex.toWeb(stream) as unknown as ReadableWritablePair<Bytes, Bytes>;
  }
}

function unsupported(what: string): MarsError {
  return new MarsError(
    "unsupported_media_type",
    `content-encoding must be one of ${acceptedCodings}, is ${what}`,
  );
}
