/** The help of commands, made from the schemas of their operations. */
import { inputSchema, type Json } from "../api/json-schema.ts";
import type { Operation } from "../api/operation.ts";
import { type Flag, flagsOf, onlyWord } from "./flag.ts";
import { generalFlagsOf } from "./general-flags.ts";

/** The commands, a line each. */
export function commandList(operations: readonly Operation[]): string {
  const width = Math.max(...operations.map(({ command }) => command.length));
  return operations
    .map(({ command, summary }) => `  ${command.padEnd(width)}  ${shortOf(summary)}\n`)
    .join("")
    .replaceAll("`", "");
}

/** The first of several sentences, or what is before a colon; in brackets may be anything. */
function shortOf(summary: string): string {
  return /^(?:\([^)]*\)|[^(])*?(?=[.:;](?: |$))/.exec(summary)?.[0] ?? summary;
}

/** The help of some words that begin several commands. */
export function groupHelp(operations: readonly Operation[]): string {
  return `Commands:\n${commandList(operations)}\nmars <command> --help has more about each.\n`;
}

/** `mars lifecycle put <app-id>`. */
export function usageOf(operation: Operation): string {
  const words = flagsOf(operation)
    .filter(({ place }) => place === "path")
    .map(({ names: [name = ""] }) => ` <${name.slice(2)}>`);
  return `mars ${operation.command}${words.join("")}${operation.body?.field === undefined ? "" : " -f <file>"}`;
}

export function commandHelp(operation: Operation): string {
  const { summary, rest, rpc, scope, body } = operation;
  const fields = flagsOf(operation).map((flag) => entry(headOf(flag), meaningOf(flag)));
  const taken = new Set(flagsOf(operation).flatMap(({ names }) => names));
  const general = generalFlagsOf(operation).map(({ names, value, meaning }) =>
    entry(
      names.join(", ") +
        (value === undefined ? "" : ` <${value}>`) +
        (taken.has(names[0]) ? " before the command" : ""),
      meaning,
    ),
  );
  const example = body?.field === undefined ? "" : exampleOf(operation, body.field);
  return `${summary.replaceAll("`", "")}

Usage: ${usageOf(operation)} [flags]

${[fields, general]
  .filter((entries) => entries.length > 0)
  .map((entries) => entries.join(""))
  .join("\n")}${example}
By REST: ${rest}
By RPC:  ${rpc}
Needs leave to ${scope}. Exit code 0: done; 1: refused, or not reached; 2: wrong usage.
`;
}

function entry(head: string, meaning: string): string {
  return `  ${head}\n${meaning === "" ? "" : `      ${meaning.replaceAll("`", "")}\n`}`;
}

function headOf({ names, type, schema }: Flag): string {
  const value = valueForm(schema, type);
  return names.join(", ") + (value === "" ? "" : ` <${value}>`) + (type === "list" ? "[,…]" : "");
}

function valueForm(schema: Json, type: Flag["type"]): string {
  const { enum: words, items, minimum, maximum, format } = schema;
  if (type === "switch") return onlyWord(schema) === undefined ? "true|false" : "";
  if (Array.isArray(words)) return words.join("|");
  if (type === "list") return valueForm((items ?? {}) as Json, "text");
  if (type === "number") return maximum === undefined ? `${minimum ?? 0}…` : `${minimum ?? 0}…${maximum}`;
  return type === "json" ? "JSON" : String(format ?? "text");
}

function meaningOf({ place, required, schema }: Flag): string {
  const { description, default: preset, examples } = schema;
  const given =
    Array.isArray(examples) && typeof examples[0] === "string" ? `Such as ${examples.join(", ")}.` : "";
  return [
    description,
    given,
    preset === undefined ? "" : `Default: ${preset}.`,
    place === "path" ? "Required, by its place or by this flag." : required ? "Required." : "",
  ]
    .filter((part) => part)
    .join(" ");
}

/** A body that is written by hand, as its schema shows it. */
function exampleOf(operation: Operation, field: string): string {
  const examples = inputSchema(operation).properties?.[field]?.examples;
  if (!Array.isArray(examples)) return "";
  return `\nA ${field} is such as\n\n${JSON.stringify(examples[0], null, 2).replaceAll(/^/gm, "  ")}\n`;
}
