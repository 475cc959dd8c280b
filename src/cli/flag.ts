/** The flags of a command: one for each field of its operation's input. */
import { inputSchema, type Json } from "../api/json-schema.ts";
import type { Operation } from "../api/operation.ts";
import { restCallOf } from "../api/rest-call.ts";

/**
 * How a field's value is written: `list` repeated or with commas, `map` the same with `NAME=VALUE` each, `json` as JSON, a `switch` not at all. The server checks
 * the value; only its place in JSON depends on this.
 */
export type FlagType = "text" | "number" | "switch" | "list" | "map" | "json";

export interface Flag {
  readonly field: string;
  /** With its dashes; `--app-id` is `--app`, too. */
  readonly names: readonly string[];
  readonly place: "path" | "query" | "body";
  readonly type: FlagType;
  readonly required: boolean;
  readonly schema: Json;
}

/** The path's fields first, in its order; those that are deprecated, and one that is the whole body, have no flag. */
export function flagsOf(operation: Operation): Flag[] {
  const { properties = {}, required = [] } = inputSchema(operation);
  const { inPath, inBody, inQuery } = restCallOf(operation);
  const fields = [
    ...inPath.map((field) => ({ field, place: "path" as const })),
    ...(operation.body?.field === undefined ? inBody : []).map((field) => ({
      field,
      place: "body" as const,
    })),
    ...inQuery.map((field) => ({ field, place: "query" as const })),
  ];
  const taken = new Set(fields.map(({ field }) => field));
  return fields
    .map(({ field, place }) => ({ field, place, schema: properties[field] ?? {} }))
    .filter(({ schema }) => schema.deprecated !== true)
    .map(({ field, place, schema }) => {
      const short = field.replace(/_id$/, "");
      const names = short === field || taken.has(short) ? [field] : [field, short];
      return {
        field,
        names: names.map((name) => `--${name.replaceAll("_", "-")}`),
        place,
        type: typeOf(schema),
        required: required.includes(field),
        schema,
      };
    });
}

function typeOf(schema: Json): FlagType {
  const { type, items, anyOf } = schema;
  if (type === "boolean" || onlyWord(schema) !== undefined) return "switch";
  if (type === "integer" || type === "number") return "number";
  if (type === "string") return "text";
  if (isMap(schema)) return "map";
  if (type === "array") return (items as Json | undefined)?.type === "object" ? "json" : "list";
  const one = Array.isArray(anyOf) ? anyOf.find((schema: Json) => schema.type !== "null") : undefined;
  return one === undefined ? "json" : typeOf(one);
}

/** An object of texts. */
function isMap({ type, additionalProperties }: Json): boolean {
  return type === "object" && (additionalProperties as Json | undefined)?.type === "string";
}

/** The value of a field that can have no other. */
export function onlyWord({ enum: words }: Json): unknown {
  return Array.isArray(words) && words.length === 1 ? words[0] : undefined;
}
