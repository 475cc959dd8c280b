/** Attributes by which messages are found: which an app has indexed, and filters by them. */
import type { Author } from "./audit.ts";
import type { Micros } from "./event.ts";
import { parseExact } from "./exact-json.ts";
import type { ShownState } from "./state.ts";

/** Names that one app may have indexed, and all apps together. */
export const indexedNamesMax = 10;
export const indexedNamesMaxOfAll = 1_000;
/** Bytes of a name, and of a value. An event's longer values are not indexed. */
export const attributeNameBytesMax = 256;
export const attributeValueBytesMax = 256;

/** Some event of the message has this value: a text, or a number, `true` or `false` as JSON has it. */
export interface AttributeFilter {
  readonly name: string;
  readonly value: string;
}

/** A name that an app has indexed. */
export interface IndexedAttribute {
  readonly name: string;
  /** All events that were stored before it was put are indexed. Until then no list goes by it. */
  readonly done: boolean;
  /** About how much of that is done, from 0 to 1. */
  readonly share: number;
}

/** Writes which attributes are indexed. */
export interface AttributeIndexes {
  /**
   * Has these names of an app indexed and no others. Rejects with `invalid_argument` beyond `indexedNamesMaxOfAll`.
   *
   * @param names at most `indexedNamesMax`, each once
   */
  putAttributes(appId: string, names: readonly string[], by?: Author): Promise<void>;
}

/** Messages of an app by the values of an attribute. */
export interface CountQuery {
  readonly appId: string;
  readonly name: string;
  readonly state?: ShownState;
  /** By when their first events happened, inclusive. */
  readonly since?: Micros;
}

export interface Counts {
  /** The most frequent first; at most 100. */
  readonly values: readonly { readonly value: string; readonly messages: number }[];
  /** How many other values there are. */
  readonly others: number;
  /** The sum of their messages, of which one with several values counts for each. */
  readonly othersCount: number;
  /** How many of the messages have no value that is indexed. */
  readonly without: number;
  /** How many messages were counted: the latest ones where there are more. */
  readonly messages: number;
  readonly partial: boolean;
}

/** Reads by attributes. Rejects with `unavailable` while the database is away. */
export interface AttributeReader {
  /** In the order in which they were put. */
  indexedAttributes(appId: string): Promise<readonly IndexedAttribute[]>;
  counts(query: CountQuery): Promise<Counts>;
}

/** Whether an event has all of these values itself. @param attributes as `MarsEvent` has them */
export function hasAttributes(attributes: string, filters: readonly AttributeFilter[]): boolean {
  if (attributes === "") return filters.length === 0;
  const values = parseExact(attributes) as Readonly<Record<string, unknown>>;
  return filters.every(({ name, value }) => Object.hasOwn(values, name) && textOf(values[name]) === value);
}

/** `undefined` for what is no value to be found by. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" || typeof value === "boolean" ? JSON.stringify(value) : undefined;
}
