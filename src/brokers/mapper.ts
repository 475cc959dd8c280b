/** The mapping of a broker's message to events as their producer sent them, which are validated afterwards. */
import { MarsError } from "../core/error.ts";
import type { BrokerMessage } from "./engine.ts";

/** Some of a message. */
export type Mappable = Pick<BrokerMessage, "body" | "headers">;

/**
 * Returns the events of a message, each of the shape `EventInput`; none where it has none to report.
 *
 * @throws `MarsError` where it cannot be read: the message is refused
 */
export type Mapper = (message: Mappable) => Promise<readonly unknown[]> | readonly unknown[];

/** @throws `MarsError` `malformed` or `invalid_argument`; see `edge/json.ts` */
export type ParseJson = (text: string) => unknown;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Mars' own events: one as JSON, several as an array, as lines, or as `{"events": […]}`. */
export function createEventMapper(parseJson: ParseJson): Mapper {
  return ({ body }) => {
    const text = decode(body);
    const value = parseDocument(text, parseJson);
    if (Array.isArray(value)) return value;
    if (typeof value !== "object" || value === null) return [value];
    const { events } = value as { readonly events?: unknown };
    return Array.isArray(events) && !Object.hasOwn(value, "message_id") ? events : [value];
  };
}

/** A document; where it is none, its lines. */
function parseDocument(text: string, parseJson: ParseJson): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length < 2) throw error;
    return lines.map((line, at) => {
      try {
        return parseJson(line);
      } catch (cause) {
        // The first line of no JSON at all is better reported as a whole.
        if (at === 0) throw error;
        throw cause;
      }
    });
  }
}

function decode(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new MarsError("malformed", "body is not valid UTF-8", { cause });
  }
}
