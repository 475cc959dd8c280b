/** Takes bytes apart into numbered lines, in bounded memory. */

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Absent where the line cannot be an event, see `problem`. */
  readonly text?: string;
  readonly problem?: string;
}

const newline = 0x0a;

/**
 * The lines of each chunk, without empty ones. A line that is longer than `bytesMax`, or no UTF-8, has a problem instead of a text.
 * At most a line and a chunk are in memory.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let rest: Uint8Array[] = [];
  let restBytes = 0;

  const lineOf = (last: Uint8Array): Line | undefined => {
    number++;
    const bytes = restBytes + last.byteLength;
    const parts = rest;
    rest = [];
    restBytes = 0;
    if (bytes > bytesMax) return { number, problem: `must be at most ${bytesMax} bytes` };
    try {
      const text = decoder.decode(parts.length === 0 ? last : Buffer.concat([...parts, last])).trim();
      return text === "" ? undefined : { number, text };
    } catch {
      return { number, problem: "is not UTF-8" };
    }
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = lineOf(chunk.subarray(start, end));
      if (line !== undefined) lines.push(line);
      start = end + 1;
    }
    const tail = chunk.subarray(start);
    restBytes += tail.byteLength;
    // Of a line that is too long only its length is kept.
    rest = restBytes > bytesMax ? [] : tail.byteLength === 0 ? rest : [...rest, tail.slice()];
    if (lines.length > 0) yield lines;
  }
  if (restBytes === 0) return;
  const line = lineOf(new Uint8Array());
  if (line !== undefined) yield [line];
}
