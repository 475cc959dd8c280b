/** Reads an OTLP request in JSON, a large one in pieces: see `json-chunks.ts`. */
import { MarsError } from "../../core/error.ts";
import { bodyBytesMax, recordBytesMax } from "../../core/limits.ts";
import { attributesFromJson } from "../../formats/otlp/json-records.ts";
import { parseEventJson } from "../json.ts";
import { type ChunkOptions, chunkElements } from "../json-chunks.ts";
import { textOf } from "../rest/body.ts";
import type { Reading } from "./reading.ts";
import type { Signal } from "./signals.ts";

/** Smaller bodies are parsed whole. */
const wholeBytesMax = 64 * 1024;
const chunkElementsMax = 1_000;

type Json = Readonly<Record<string, unknown>>;

/** Rejects with `MarsError` `malformed`, `invalid_argument` or `too_large` for what is no request of this signal. */
export async function readOtlpJson(bytes: Uint8Array, signal: Signal, reading: Reading): Promise<void> {
  if (bytes.byteLength <= wholeBytesMax) {
    await reading.spend(bytes.byteLength);
    addDocument(parseEventJson(textOf(bytes)), signal, reading);
    return;
  }
  const { resources, scopes, records } = signal.names;
  const [ofResources] = await cut(bytes, resources, reading);
  for (const ofResource of ofResources) {
    const [ofScopes, rest] = await cut(ofResource, scopes, reading);
    const context = contextIn(rest, reading);
    for (const ofScope of ofScopes) {
      const options: ChunkOptions = {
        member: records,
        elementBytesMax: recordBytesMax,
        chunkBytesMax: wholeBytesMax,
        chunkElementsMax,
      };
      const chunks = chunkElements(ofScope, options);
      for (let next = chunks.next(); ; next = chunks.next()) {
        if (next.done) {
          parseEventJson(textOf(next.value));
          break;
        }
        const { start, end, count, refused } = next.value;
        await reading.spend(end - start);
        if (refused !== undefined) reading.batch.refuse("too_large");
        else if (count > 0) {
          const values = parseEventJson(`[${textOf(ofScope.subarray(start, end))}]`) as readonly unknown[];
          if (values.length !== count)
            throw new MarsError("malformed", "body is not valid JSON: a record is missing");
          for (const value of values) signal.addJson(value, context, reading.batch);
          reading.assertRoom();
        }
      }
    }
  }
}

/** The elements of an array, unparsed, and the parsed document without them. */
async function cut(
  bytes: Uint8Array,
  member: string,
  reading: Reading,
): Promise<readonly [elements: readonly Uint8Array[], rest: unknown]> {
  const elements: Uint8Array[] = [];
  const options = { member, elementBytesMax: bodyBytesMax, chunkBytesMax: 1, chunkElementsMax: 1 };
  const chunks = chunkElements(bytes, options);
  for (let next = chunks.next(); ; next = chunks.next()) {
    if (next.done) return [elements, parseEventJson(textOf(next.value))];
    const { start, end, count, refused } = next.value;
    await reading.spend(end - start);
    if (refused !== undefined) throw new MarsError("invalid_argument", `${member} ${refused}`);
    if (count > 0) elements.push(bytes.subarray(start, end));
  }
}

function addDocument(document: unknown, signal: Signal, reading: Reading): void {
  const { resources, scopes, records } = signal.names;
  for (const resource of listIn(document, resources)) {
    const context = contextIn(resource, reading);
    for (const scope of listIn(resource, scopes)) {
      for (const record of listIn(scope, records)) signal.addJson(record, context, reading.batch);
    }
  }
  reading.assertRoom();
}

function contextIn(ofResource: unknown, reading: Reading) {
  const { resource } = objectOf(ofResource, "an element");
  const { attributes } = resource === undefined || resource === null ? {} : objectOf(resource, "resource");
  return reading.contextOf(attributesFromJson(attributes));
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = objectOf(value, `what has ${name}`)[name];
  if (list === undefined || list === null) return [];
  if (Array.isArray(list)) return list;
  throw new MarsError("invalid_argument", `${name} must be an array`);
}

function objectOf(value: unknown, name: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new MarsError("invalid_argument", `${name} must be a JSON object`);
}
