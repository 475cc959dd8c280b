/** From the arguments of a command to the values of its operation's fields. */
import type { Operation } from "../api/operation.ts";
import { type Flag, flagsOf, onlyWord } from "./flag.ts";
import { frontFlags, type GeneralFlag } from "./front-flags.ts";
import { generalFlagsOf } from "./general-flags.ts";
import { scan } from "./scan.ts";

/** The arguments that a command takes. */
export interface Grammar {
  /** Of fields; those of the path may be given by their places. */
  readonly flags: readonly Flag[];
  readonly general: readonly GeneralFlag[];
  /** The field that is the whole body, which `--file` gives. */
  readonly bodyField?: string;
  /** How many arguments there may be beside flags and the fields of the path; default none. */
  readonly othersMax?: number;
}

export function grammarOf(operation: Operation): Grammar {
  const field = operation.body?.field;
  return {
    flags: flagsOf(operation),
    general: generalFlagsOf(operation),
    ...(field !== undefined && { bodyField: field }),
  };
}

export interface Arguments {
  /** By field; numbers, lists and JSON as such. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The general flags, by their first names; those that take no value have the empty text. */
  readonly general: ReadonlyMap<string, string>;
  /** The arguments that are neither flags nor fields. */
  readonly others: readonly string[];
  /** Sentences, of wrong usage. */
  readonly problems: readonly string[];
}

/**
 * @param args those after the words of the command
 * @param front general flags that stood before them
 */
export function parseArguments(
  grammar: Grammar,
  args: readonly string[],
  front: readonly string[],
): Arguments {
  const { flags, othersMax = 0 } = grammar;
  // A field comes before a general flag of the same name, which can be given before the command.
  const known = byName<Flag | GeneralFlag>([...grammar.general, ...flags]);
  const scanned = scan(args, known, (flag) =>
    "type" in flag ? flag.type !== "switch" : flag.value !== undefined,
  );
  const before = scan(front, byName(frontFlags), ({ value }) => value !== undefined);
  const problems = [...before.problems, ...scanned.problems];
  const values = new Map<string, unknown>();
  const general = new Map<string, string>();

  for (const { flag, written, value } of [...before.flags, ...scanned.flags]) {
    if (!("type" in flag)) {
      if (general.has(flag.names[0])) problems.push(`${written} is given twice`);
      if (flag.value === undefined && value !== undefined) problems.push(`${written} takes no value`);
      general.set(flag.names[0], value ?? "");
    } else if (flag.type === "list") {
      values.set(flag.field, [values.get(flag.field) ?? [], listOf(value ?? "")].flat());
    } else if (flag.type === "map") {
      const pairs = listOf(value ?? "").map((pair) => pairOf(pair, written, problems));
      values.set(flag.field, { ...(values.get(flag.field) ?? {}), ...Object.fromEntries(pairs) });
    } else if (values.has(flag.field)) {
      problems.push(`${written} is given twice`);
    } else {
      values.set(flag.field, readValue(flag, value, written, problems));
    }
  }

  const others = [...scanned.others];
  for (const { field, place } of flags) {
    if (place === "path" && !values.has(field) && others.length > 0) values.set(field, others.shift());
  }
  problems.push(...others.slice(othersMax).map((other) => `unexpected argument ${other}`));
  problems.push(...problemsOfWhole(grammar, values, general));
  return { values: Object.fromEntries(values), general, others, problems };
}

function byName<One extends { readonly names: readonly string[] }>(flags: readonly One[]): Map<string, One> {
  return new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag])));
}

function problemsOfWhole(
  { flags, bodyField }: Grammar,
  values: ReadonlyMap<string, unknown>,
  general: ReadonlyMap<string, string>,
): string[] {
  const file = general.has("--file");
  const problems: string[] = [];
  for (const { field, names, place, required } of flags) {
    const [name = ""] = names;
    const value = values.get(field);
    if (place === "body" && file) {
      if (value !== undefined) problems.push(`give --file or ${name}, not both`);
    } else if (value === undefined) {
      if (required) problems.push(place === "path" ? `<${name.slice(2)}> is missing` : `${name} is missing`);
    } else if (place === "path" && /^\.{0,2}$/.test(String(value))) {
      problems.push(`${name} cannot be ${value === "" ? "empty" : `${value}, which paths of URLs lose`}`);
    }
  }
  if (bodyField !== undefined && !file) {
    problems.push(`the ${bodyField} is missing: -f <file>, or -f - for stdin`);
  }
  return problems;
}

/** Texts between commas; a `\` makes a comma part of a text. */
function listOf(value: string): string[] {
  return value.split(/(?<!\\),/).map((text) => text.replaceAll("\\,", ","));
}

function pairOf(text: string, written: string, problems: string[]): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) problems.push(`${written} must be NAME=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** What is no number is sent as it is: the server says what it must be. */
function readValue(flag: Flag, value: string | undefined, written: string, problems: string[]): unknown {
  if (value === undefined) return onlyWord(flag.schema) ?? true;
  if (flag.type === "switch" && (value === "true" || value === "false")) return value === "true";
  if (flag.type === "number" && /^\d{1,15}$/.test(value)) return Number(value);
  if (flag.type !== "json") return value;
  try {
    return JSON.parse(value);
  } catch {
    problems.push(`${written} must be JSON`);
    return value;
  }
}
