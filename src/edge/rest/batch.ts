/** Many events in one body: a JSON document or newline-delimited JSON. */

import { type FieldProblem, MarsError } from "../../core/error.ts";
import type { MarsEvent } from "../../core/event.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import { parseExact } from "../../core/exact-json.ts";
import { nestsTooDeep, tooDeep } from "../../core/json-depth.ts";
import { bulkEventsMax, eventBodyBytesMax, problemsMax } from "../../core/limits.ts";
import { receipts } from "../../core/receipt.ts";
import { checkEvent, type Problems, type Sender } from "../../core/validate.ts";
import { jsonReason, parseEventJson } from "../json.ts";
import { chunkElements } from "../json-chunks.ts";
import type { Turns } from "../turns.ts";
import { textOf } from "./body.ts";
import type { BodyFormat } from "./media-type.ts";

/** The bytes that are parsed at once, but for an element that is longer. */
const chunkBytesMax = eventBodyBytesMax;
const chunkElementsMax = 1_000;
const newline = 0x0a;

export interface BatchOptions {
  readonly turns: Turns;
  readonly sender: Sender;
}

export interface Batch {
  /** The valid ones, in the order sent. */
  readonly events: readonly MarsEvent[];
  /** How many were not valid. */
  readonly rejected: number;
  /** How many of these only since the sender may not report for their app. */
  readonly denied: number;
  /** The problems of the invalid ones; at most `problemsMax`. `index` counts events from 0, so NDJSON's empty lines not. */
  readonly problems: readonly FieldProblem[];
}

/**
 * Parses and checks the events of one body. Each is checked alone, down to a line that is not JSON. One that is longer or
 * nests deeper than an event may is not even parsed. A body of more than a chunk is parsed chunk by chunk, in turns.
 *
 * Rejects with `MarsError` `malformed` for a document that is not JSON, `invalid_argument` for one that is no batch or an
 * empty one, `too_large` for more than `bulkEventsMax` events or too much beside them.
 */
export async function parseBatch(
  bytes: Uint8Array,
  format: BodyFormat,
  { turns, sender }: BatchOptions,
): Promise<Batch> {
  const builder = new BatchBuilder(sender);
  if (format === "ndjson") await addLines(bytes, builder, turns);
  else await addDocument(bytes, builder, turns);
  if (builder.size === 0) throw invalid("must hold at least one event");
  return builder;
}

async function addDocument(bytes: Uint8Array, builder: BatchBuilder, turns: Turns): Promise<void> {
  if (bytes.byteLength <= chunkBytesMax) {
    const turn = turns.spend(bytes.byteLength);
    if (turn !== undefined) await turn;
    const text = textOf(bytes);
    // One event that nests too deep is refused alone.
    if (!nestsTooDeep(text)) {
      const inputs = eventsOf(parseEventJson(text));
      if (inputs.length > bulkEventsMax) throw tooMany(String(inputs.length));
      for (const input of inputs) builder.add(input);
      return;
    }
  }
  const chunks = chunkElements(bytes, {
    member: "events",
    elementBytesMax: eventBounds.bodyBytesMax,
    chunkBytesMax,
    chunkElementsMax,
  });
  for (let next = chunks.next(); ; next = chunks.next()) {
    if (next.done) {
      eventsOf(parseEventJson(textOf(next.value)));
      return;
    }
    const { start, end, count, refused } = next.value;
    if (count === 0) builder.clear();
    if (builder.size + count > bulkEventsMax) throw tooMany("more");
    const turn = turns.spend(end - start);
    if (turn !== undefined) await turn;
    if (refused !== undefined) {
      builder.reject(refused);
    } else {
      const inputs = parseEventJson(`[${textOf(bytes.subarray(start, end))}]`) as readonly unknown[];
      // An element is empty: two commas, or a comma before the end.
      if (inputs.length !== count)
        throw new MarsError("malformed", "body is not valid JSON: an element is missing");
      for (const input of inputs) builder.add(input);
    }
  }
}

function eventsOf(document: unknown): readonly unknown[] {
  if (typeof document === "object" && document !== null && "events" in document) {
    if (Array.isArray(document.events)) return document.events;
    throw invalid("must be an array");
  }
  throw invalid('is required: the body must be {"events":[…]}');
}

async function addLines(bytes: Uint8Array, builder: BatchBuilder, turns: Turns): Promise<void> {
  let line = 0;
  for (let start = 0; start < bytes.byteLength; ) {
    const end = endOfLines(bytes, start);
    const turn = turns.spend(end - start);
    if (turn !== undefined) await turn;
    if (end - start > eventBounds.bodyBytesMax) {
      // One line.
      line++;
      if (builder.size === bulkEventsMax) throw tooMany("more");
      builder.reject(`line ${line} must be at most ${eventBounds.bodyBytesMax} bytes, has ${end - start}`);
    } else {
      line = addTextLines(textOf(bytes.subarray(start, end)), line, builder);
    }
    start = end;
  }
}

/** The end of the lines that make a chunk: of as many as fit, but of one at least. */
function endOfLines(bytes: Uint8Array, start: number): number {
  if (bytes.byteLength - start <= chunkBytesMax) return bytes.byteLength;
  const last = bytes.lastIndexOf(newline, start + chunkBytesMax - 1);
  if (last >= start) return last + 1;
  const next = bytes.indexOf(newline, start);
  return next === -1 ? bytes.byteLength : next + 1;
}

/** @returns the number of the last line */
function addTextLines(text: string, linesBefore: number, builder: BatchBuilder): number {
  let line = linesBefore;
  for (let start = 0; start < text.length; ) {
    const newlineAt = text.indexOf("\n", start);
    const end = newlineAt === -1 ? text.length : newlineAt;
    // Files with a byte order mark that were joined have one at the start of a line each.
    const source = text.slice(text.charCodeAt(start) === 0xfeff ? start + 1 : start, end);
    start = end + 1;
    line++;
    if (source === "" || source.trim() === "") continue;
    if (builder.size === bulkEventsMax) throw tooMany("more");
    let input: unknown;
    try {
      if (nestsTooDeep(source)) {
        builder.reject(`line ${line} ${tooDeep}`);
        continue;
      }
      input = parseExact(source);
    } catch (cause) {
      builder.reject(`line ${line} is not valid JSON: ${jsonReason(cause)}`);
      continue;
    }
    builder.add(input);
  }
  return line;
}

class BatchBuilder implements Batch {
  readonly events: MarsEvent[] = [];
  rejected = 0;
  readonly #problems: Problems;

  constructor(sender: Sender) {
    this.#problems = { list: [], sender };
  }

  get size(): number {
    return this.events.length + this.rejected;
  }

  get denied(): number {
    return this.#problems.denied ?? 0;
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

  /** Starts again with an empty batch. */
  clear(): void {
    this.events.length = 0;
    this.rejected = 0;
    this.#problems.list.length = 0;
    this.#problems.denied = 0;
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
