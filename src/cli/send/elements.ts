/** Takes one JSON array apart into its elements, in bounded memory. */
import type { Line } from "./lines.ts";

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [open, close, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The elements that end in each chunk, with their numbers from 1. One that is longer than `bytesMax`, or no UTF-8, has a problem instead of
 * a text. Whether an element is JSON is for who reads it. At most an element and a chunk are in memory.
 *
 * @throws `Error` for what is no array, does not end, or goes on behind its end
 */
export async function* elementsOf(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [depth, number, restBytes] = [0, 0, 0];
  let [inText, escaped, begun, ended] = [false, false, false, false];
  let rest: Uint8Array[] = [];

  const keep = (part: Uint8Array) => {
    restBytes += part.byteLength;
    // Of an element that is too long only its length is kept.
    rest = restBytes > bytesMax ? [] : [...rest, part];
  };
  const elementOf = (): Line => {
    number++;
    const [parts, bytes] = [rest, restBytes];
    rest = [];
    restBytes = 0;
    if (bytes > bytesMax) return { number, problem: `must be at most ${bytesMax} bytes` };
    try {
      return { number, text: decoder.decode(Buffer.concat(parts)).trim() };
    } catch {
      return { number, problem: "is not UTF-8" };
    }
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let at = 0; at < chunk.byteLength; at++) {
      const byte = chunk[at] ?? 0;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inText = false;
        continue;
      }
      if (!begun) {
        if (byte !== open) continue;
        begun = true;
        depth = 1;
        start = at + 1;
        continue;
      }
      if (ended) {
        if (byte > 0x20) throw new Error("there is more behind the end of the JSON array");
        continue;
      }
      if (byte === quote) inText = true;
      else if (byte === open || byte === openObject) depth++;
      else if (byte === close || byte === closeObject) depth--;
      if (depth > 1 || (depth === 1 && byte !== comma)) continue;
      keep(chunk.slice(start, at));
      start = at + 1;
      ended = depth === 0;
      const last = elementOf();
      // Of an empty array.
      if (!(ended && number === 1 && last.text === "")) lines.push(last);
    }
    if (begun && !ended) keep(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  if (!ended) throw new Error("the JSON array does not end");
}
