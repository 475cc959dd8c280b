/** The mapping of a broker's message to events: Mars' own, which are validated afterwards, or those that others' messages become. */
import { type FieldProblem, MarsError } from "../core/error.ts";
import type { MarsEvent, Micros } from "../core/event.ts";
import type { BrokerMessage } from "./engine.ts";

/** Some of a message. */
export type Mappable = Pick<BrokerMessage, "body" | "headers">;

/** An event that has passed validation. */
export type ValidEvent = Omit<MarsEvent, "createdAt" | "receivedAt"> & {
  /** Absent: the message gives none. */
  readonly createdAt?: Micros;
  /** Of its item in the message, from 0. */
  readonly index: number;
};

/** The events of a message that has another form than Mars' own. */
export interface ValidEvents {
  readonly events: readonly ValidEvent[];
  /** Items of the message, each of which may have become an event. */
  readonly items: number;
  /** Why some items are refused; absent: none is. */
  readonly reason?: string;
}

/** Stands in the place of an event that cannot be made. */
export class RefusedItem {
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    this.problems = problems;
  }
}

/**
 * Returns the events of a message, each of the shape `EventInput` or a `RefusedItem`, or such that are valid; none where it has none to report.
 *
 * @throws `MarsError` where it cannot be read: the message is refused. A transient one: it is mapped again later
 */
export type Mapper = (
  message: Mappable,
) => Promise<readonly unknown[] | ValidEvents> | readonly unknown[] | ValidEvents;

/** @throws `MarsError` `malformed` or `invalid_argument`; see `edge/json.ts` */
export type ParseJson = (text: string) => unknown;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Mars' own events: one as JSON, several as an array, as lines, or as `{"events": […]}`. */
export function createEventMapper(parseJson: ParseJson): Mapper {
  return ({ body }) => {
    const value = parseDocument(textOf(body), parseJson);
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

/** @throws `MarsError` where it is not UTF-8 */
export function textOf(body: Mappable["body"]): string {
  if (typeof body === "string") return body;
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new MarsError("malformed", "body is not valid UTF-8", { cause });
  }
}
