/** The help of commands, made from the schemas of their operations. */
import { inputSchema, type Json } from "../api/json-schema.ts";
import type { Operation } from "../api/operation.ts";
import type { Named } from "./command-table.ts";
import { type Flag, flagsOf, onlyWord } from "./flag.ts";
import type { GeneralFlag } from "./front-flags.ts";
import { generalFlagsOf } from "./general-flags.ts";
import type { OwnCommand } from "./own-command.ts";

/** The commands, a line each; those of their own first. */
export function commandList(operations: readonly Named[], own: readonly OwnCommand[] = []): string {
  const taken = new Set(own.map(({ command }) => command));
  const shown = own.filter(({ hidden }) => hidden !== true);
  const all = [...shown, ...operations.filter(({ command }) => !taken.has(command))];
  const width = Math.max(...all.map(({ command }) => command.length));
  return all
    .map(({ command, summary }) => `  ${command.padEnd(width)}  ${shortOf(summary)}\n`)
    .join("")
    .replaceAll("`", "");
}

/** The first of several sentences, or what is before a colon; in brackets may be anything. */
function shortOf(summary: string): string {
  return /^(?:\([^)]*\)|[^(])*?(?=[.:;](?: |$))/.exec(summary)?.[0] ?? summary;
}

/** The help of some words that begin several commands. */
export function groupHelp(operations: readonly Named[]): string {
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
  const flags = flagsText(flagsOf(operation), generalFlagsOf(operation));
  const example = body?.field === undefined ? "" : exampleOf(operation, body.field);
  return `${summary.replaceAll("`", "")}

Usage: ${usageOf(operation)} [flags]

${flags}${example}
By REST: ${rest}
By RPC:  ${rpc}
Needs leave to ${scope}. Exit code 0: done; 1: refused, or not reached; 2: wrong usage.
`;
}

/** `mars import [<file>]`. */
export function ownUsageOf({ command, usage }: Pick<OwnCommand, "command" | "usage">): string {
  return ["mars", command, usage].filter((part) => part !== "").join(" ");
}

/** The help of a command that is more than one call. */
export function ownHelp(own: OwnCommand): string {
  const { summary, grammar, details } = own;
  return `${summary}

Usage: ${ownUsageOf(own)} [flags]

${flagsText(grammar.flags, grammar.general)}${details === undefined ? "" : `\n${details}`}
Exit code 0: done; 1: refused, or not reached; 2: wrong usage; 130: Ctrl-C.
`;
}

function flagsText(flags: readonly Flag[], general: readonly GeneralFlag[]): string {
  const taken = new Set(flags.flatMap(({ names }) => names));
  const fields = flags.map((flag) => entry(headOf(flag), meaningOf(flag)));
  const others = general.map(({ names, value, meaning }) =>
    entry(
      names.join(", ") +
        (value === undefined ? "" : ` <${value}>`) +
        (taken.has(names[0]) ? " before the command" : ""),
      meaning,
    ),
  );
  return [fields, others]
    .filter((entries) => entries.length > 0)
    .map((entries) => entries.join(""))
    .join("\n");
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
