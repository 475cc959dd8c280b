/** The one parser of clients' JSON, for all protocols. Its cost is bounded before it is incurred: see `core/json-depth.ts`. */
import { MarsError } from "../core/error.ts";
import { parseExact } from "../core/exact-json.ts";
import { nestsTooDeep, tooDeep } from "../core/json-depth.ts";

/**
 * Parses a document. The text is the caller's to bound.
 *
 * @throws `MarsError` `malformed` for what is no JSON, `invalid_argument` for what nests deeper than `jsonDepthMax`
 */
export function parseJson(text: string): unknown {
  return parse(text, JSON.parse);
}

/** The same for events, in whose attributes integers keep their digits: see `parseExact`. @throws as `parseJson` */
export function parseEventJson(text: string): unknown {
  return parse(text, parseExact);
}

function parse(text: string, by: (text: string) => unknown): unknown {
  if (nestsTooDeep(text)) throw new MarsError("invalid_argument", `body ${tooDeep}`);
  try {
    return by(text);
  } catch (cause) {
    if (text.trim() === "") throw new MarsError("malformed", "body is empty", { cause });
    throw new MarsError("malformed", `body is not valid JSON: ${jsonReason(cause)}`, { cause });
  }
}

/** The parser's own message, without the error's name, and without the part of the document: there may be a secret in it. */
export function jsonReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message.replace(/^JSON Parse error: /, "").replace(/,? (?:\.\.\.)?".*$/s, "");
}
