/** What an operator decides on how records of other formats become events. */

export interface FormatMapping {
  /**
   * Where the message id of an OTLP record is: names of attributes in the order in which they are looked for; `trace_id` stands for
   * the trace of the record.
   */
  readonly otlpMessageIds: readonly string[];
  /** Whether a span is an event at its start, too: its name and `.started`. */
  readonly otlpSpanStarts: boolean;
  /** Paths to the message id of a CloudEvent: `subject`, another attribute, or `data.NAME` for what is in its data. */
  readonly cloudEventsMessageIds: readonly string[];
  /** Paths to the message id of a Segment call: `properties.NAME`. */
  readonly segmentMessageIds: readonly string[];
}

/** The text at the first of these paths that has one; an integer counts as text. `undefined` where there is none. */
export function textAtPaths(value: unknown, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = textOf(valueAt(value, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A text that is not empty, or an integer, as text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : undefined;
}

/** What is at `a.b.c`; `undefined` where there is nothing. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
