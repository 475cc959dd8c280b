/** Reads the records of one body in JSON, a large one in chunks: see `json-chunks.ts`. */
import { MarsError } from "../../core/error.ts";
import { bulkEventsMax, eventBodyBytesMax, recordBytesMax } from "../../core/limits.ts";
import type { RecordBatch } from "../../formats/record-batch.ts";
import { parseEventJson } from "../json.ts";
import { chunkElements } from "../json-chunks.ts";
import { textOf } from "../rest/body.ts";
import type { Turns } from "../turns.ts";

const chunkBytesMax = eventBodyBytesMax;
/** The name that a bare array gets, to be cut like a member. */
const bare = "records";

export interface JsonRecords {
  /** The name of the array in the document; `undefined` where the document is the array. */
  readonly member: string | undefined;
  readonly batch: RecordBatch;
  readonly turns: Turns;
  add(record: unknown): void;
}

/**
 * Calls `add` with each record. Rejects with `MarsError` `malformed` for what is no JSON, `invalid_argument` for another document,
 * `too_large` for more than `bulkEventsMax` records.
 */
export async function readJsonRecords(bytes: Uint8Array, records: JsonRecords): Promise<void> {
  const { member, batch, turns, add } = records;
  if (bytes.byteLength <= chunkBytesMax) {
    await turns.spend(bytes.byteLength);
    for (const record of recordsIn(parseEventJson(textOf(bytes)), member)) {
      assertRoom(batch);
      add(record);
    }
    return;
  }
  const document =
    member === undefined ? Buffer.concat([Buffer.from(`{"${bare}":`), bytes, Buffer.from("}")]) : bytes;
  const chunks = chunkElements(document, {
    member: member ?? bare,
    elementBytesMax: recordBytesMax,
    chunkBytesMax,
    chunkElementsMax: 1_000,
  });
  for (let next = chunks.next(); ; next = chunks.next()) {
    if (next.done) {
      const rest = parseEventJson(textOf(next.value));
      if (member === undefined && Object.keys(rest as object).join() !== bare) throw noArray();
      recordsIn(rest, member ?? bare);
      return;
    }
    const { start, end, count, refused } = next.value;
    if (count === 0) throw new MarsError("invalid_argument", `${member ?? "the array"} must be given once`);
    await turns.spend(end - start);
    if (refused !== undefined) {
      assertRoom(batch);
      batch.add({ fault: "too_large", problems: [{ field: "", message: refused }] });
      continue;
    }
    const values = parseEventJson(`[${textOf(document.subarray(start, end))}]`) as readonly unknown[];
    if (values.length !== count)
      throw new MarsError("malformed", "body is not valid JSON: an element is missing");
    for (const value of values) {
      assertRoom(batch);
      add(value);
    }
  }
}

function recordsIn(document: unknown, member: string | undefined): readonly unknown[] {
  if (member === undefined) {
    if (Array.isArray(document)) return document;
    throw noArray();
  }
  const problem = (message: string) =>
    new MarsError("invalid_argument", `${member} ${message}`, { problems: [{ field: member, message }] });
  if (typeof document !== "object" || document === null || !(member in document))
    throw problem("is required");
  const list = (document as Readonly<Record<string, unknown>>)[member];
  if (!Array.isArray(list)) throw problem("must be an array");
  return list;
}

function assertRoom({ size }: RecordBatch): void {
  if (size < bulkEventsMax) return;
  throw new MarsError("too_large", `a request must have at most ${bulkEventsMax} records, has more`);
}

function noArray(): MarsError {
  return new MarsError("invalid_argument", "body must be a JSON array");
}
