/** The payloads of a file: its lines, or the elements of the one JSON array that it is. */
import { elementsOf } from "./elements.ts";
import { type Line, linesOf } from "./lines.ts";

export interface Payloads {
  readonly lines: AsyncIterable<readonly Line[]>;
  /** What a number counts, once there is one. */
  readonly word: () => "line" | "item";
}

const [open, newline, blankMax] = [0x5b, 0x0a, 0x20];

/**
 * What begins with `[` is one array, unless its first line is one by itself and others follow: some senders send lists, of which a file may
 * have one a line. Until that is known, a line of at most `bytesMax` and a chunk are in memory.
 *
 * @throws as `elementsOf`, while it is read
 */
export function payloadsOf(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Payloads {
  let word: "line" | "item" = "line";
  return { lines: read(), word: () => word };

  async function* read(): AsyncGenerator<readonly Line[]> {
    const each = chunks[Symbol.asyncIterator]();
    let head: Uint8Array = new Uint8Array();
    let kind = kindOf(head, bytesMax, false);
    while (kind === undefined) {
      const next = await each.next();
      if (next.done !== true) head = Buffer.concat([head, next.value]);
      kind = kindOf(head, bytesMax, next.done === true);
    }
    word = kind;
    const all = (async function* () {
      yield head;
      yield* { [Symbol.asyncIterator]: () => each };
    })();
    yield* kind === "item" ? elementsOf(all, bytesMax) : linesOf(all, bytesMax);
  }
}

/** `undefined` while more must be read. */
function kindOf(head: Uint8Array, bytesMax: number, whole: boolean): "line" | "item" | undefined {
  const byteOrderMark = head[0] === 0xef ? 3 : 0;
  const begin = head.findIndex((byte, at) => at >= byteOrderMark && byte > blankMax);
  if (begin === -1) return whole ? "line" : undefined;
  if (head[begin] !== open) return "line";
  const end = head.indexOf(newline, begin);
  if (end === -1) return whole || head.byteLength - begin > bytesMax ? "item" : undefined;
  if (!isJson(head.subarray(begin, end))) return "item";
  if (head.subarray(end).some((byte) => byte > blankMax)) return "line";
  return whole ? "item" : undefined;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}
