/** Many events in one body: a JSON document or newline-delimited JSON. */
import { type FieldProblem, MarsError } from "../../event/error.ts";
import type { MarsEvent } from "../../event/event.ts";
import { bulkEventsMax, problemsMax } from "../../event/limits.ts";
import { receipts } from "../../event/receipt.ts";
import { checkEvent, type Problems } from "../../event/validate.ts";
import { parseJson, reasonOf } from "./body.ts";
import type { BodyFormat } from "./media-type.ts";

export interface Batch {
  /** The valid ones, in the order sent. */
  readonly events: readonly MarsEvent[];
  /** How many were not valid. */
  readonly rejected: number;
  /** What is wrong with them; at most `problemsMax`. `index` counts events from 0, so NDJSON's empty lines not. */
  readonly problems: readonly FieldProblem[];
}

/**
 * Parses and checks the events of one body. Each is judged alone, down to a line that is not JSON.
 *
 * @throws `MarsError` `malformed` for a document that is not JSON, `invalid_argument` for one that is no batch or an
 *   empty one, `too_large` for more than `bulkEventsMax` events
 */
export function parseBatch(text: string, format: BodyFormat): Batch {
  const builder = new BatchBuilder();
  if (format === "ndjson") {
    addLines(text, builder);
  } else {
    const inputs = eventsOf(parseJson(text));
    if (inputs.length > bulkEventsMax) throw tooMany(String(inputs.length));
    for (const input of inputs) builder.add(input);
  }
  if (builder.size === 0) throw invalid("must hold at least one event");
  return builder;
}

function eventsOf(document: unknown): readonly unknown[] {
  if (typeof document === "object" && document !== null && "events" in document) {
    if (Array.isArray(document.events)) return document.events;
    throw invalid("must be an array");
  }
  throw invalid('is required: the body must be {"events":[…]}');
}

function addLines(text: string, builder: BatchBuilder): void {
  let start = 0;
  for (let line = 1; start <= text.length; line++) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const source = text.slice(start, end);
    start = end + 1;
    if (source.trim() === "") continue;
    if (builder.size === bulkEventsMax) throw tooMany("more");
    let input: unknown;
    try {
      input = JSON.parse(source);
    } catch (cause) {
      builder.reject(`line ${line} is not valid JSON: ${reasonOf(cause)}`);
      continue;
    }
    builder.add(input);
  }
}

class BatchBuilder implements Batch {
  readonly events: MarsEvent[] = [];
  rejected = 0;
  readonly #problems: Problems = { list: [] };

  get size(): number {
    return this.events.length + this.rejected;
  }

  get problems(): readonly FieldProblem[] {
    return this.#problems.list;
  }

  add(input: unknown): void {
    this.#problems.index = this.size;
    const event = checkEvent(input, receipts.next(), this.#problems);
    if (event !== undefined) {
      this.events.push(event);
      return;
    }
    this.rejected++;
    this.#forgetBeyondBound();
  }

  reject(message: string): void {
    this.#problems.list.push({ index: this.size, field: "", message });
    this.rejected++;
    this.#forgetBeyondBound();
  }

  #forgetBeyondBound(): void {
    const { list } = this.#problems;
    if (list.length > problemsMax) list.length = problemsMax;
  }
}

function invalid(message: string): MarsError {
  return new MarsError("invalid_argument", `events ${message}`, { problems: [{ field: "events", message }] });
}

function tooMany(count: string): MarsError {
  const message = `must be at most ${bulkEventsMax}, are ${count}`;
  return new MarsError("too_large", `events ${message}`, { problems: [{ field: "events", message }] });
}
