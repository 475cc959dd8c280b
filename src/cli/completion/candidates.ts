/** The words that may stand at the cursor of a command line. */
import type { Operation } from "../../api/operation.ts";
import { type Grammar, grammarOf } from "../arguments.ts";
import { type Flag, onlyWord } from "../flag.ts";
import { frontFlags, type GeneralFlag } from "../front-flags.ts";
import { openScreens } from "../open.ts";
import type { OwnCommand } from "../own-command.ts";

export interface Candidate {
  readonly word: string;
  readonly meaning?: string;
}

/** The words, or the kind of value whose words others know. */
export type Candidates =
  | { readonly kind: "words"; readonly words: readonly Candidate[] }
  | { readonly kind: "files" }
  /** Their names are in a file of the user. */
  | { readonly kind: "profiles" }
  | {
      readonly kind: "values";
      /** Of an operation's field, or `topic`. */
      readonly field: string;
      /** The command whose argument it is. */
      readonly command: string;
      /** What stands before it, by field. */
      readonly given: ReadonlyMap<string, string>;
    };

export interface Commands {
  readonly operations: readonly Operation[];
  readonly own: readonly OwnCommand[];
  /** Those that call no Mars. */
  readonly others: readonly string[];
}

const none: Candidates = { kind: "words", words: [] };
const shells = ["bash", "zsh", "fish"];

/** @param words behind `mars`; the last one is at the cursor, and may be empty or a part of one */
export function candidatesAt(words: readonly string[], commands: Commands): Candidates {
  // bash takes `--app=shop` apart.
  const parts = words.filter((word) => word !== "=").flatMap((word) => equalsApart(word));
  const typed = parts.at(-1) ?? "";
  const before = parts.slice(0, -1);
  const front = withoutFront(before);
  const found = commandAt(front, commands);
  if (found === undefined) {
    const last = before.at(-1);
    if (frontFlags.some((flag) => flag.names.includes(last ?? "") && flag.value !== undefined)) {
      return last === "--key-file" ? { kind: "files" } : last === "--profile" ? { kind: "profiles" } : none;
    }
    return {
      kind: "words",
      words: typed.startsWith("-") ? flagWords([], frontFlags) : nextWords(front, commands),
    };
  }
  return argumentAt(found.name, found.grammar, front.slice(found.length), typed);
}

function equalsApart(word: string): string[] {
  const equals = word.indexOf("=");
  return word.startsWith("--") && equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word];
}

/** Without the flags that stand before the command. */
function withoutFront(words: readonly string[]): readonly string[] {
  let at = 0;
  for (;;) {
    const flag = frontFlags.find(({ names }) => names.includes(words[at] ?? ""));
    if (flag === undefined) return words.slice(at);
    at += flag.value === undefined ? 1 : 2;
  }
}

interface Found {
  readonly name: string;
  readonly grammar: Grammar;
  /** Its words. */
  readonly length: number;
}

function commandAt(words: readonly string[], { operations, own }: Commands): Found | undefined {
  const begins = ({ command }: { command: string }) =>
    command.split(" ").every((word, index) => word === words[index]);
  const command = own.find(begins);
  const operation = operations.find(begins);
  const name = command?.command ?? operation?.command;
  if (name === undefined) return undefined;
  const grammar = command?.grammar ?? grammarOf(operation!);
  return { name, grammar, length: name.split(" ").length };
}

function nextWords(words: readonly string[], { operations, own, others }: Commands): Candidate[] {
  const all = [
    ...own.filter(({ hidden }) => hidden !== true),
    ...operations,
    ...others.map((command) => ({ command, summary: "" })),
  ];
  const next = new Map<string, string>();
  for (const { command, summary } of all) {
    const parts = command.split(" ");
    const word = parts[words.length];
    if (word === undefined || !words.every((one, index) => one === parts[index])) continue;
    if (!next.has(word)) next.set(word, parts.length === words.length + 1 ? summary : "");
  }
  return [...next].map(([word, meaning]) => ({ word, meaning }));
}

function argumentAt(command: string, grammar: Grammar, before: readonly string[], typed: string): Candidates {
  const named = new Map<string, Flag | GeneralFlag>(
    [...grammar.general, ...grammar.flags].flatMap((flag) => flag.names.map((name) => [name, flag] as const)),
  );
  const given = new Map<string, string>();
  const places: string[] = [];
  let open: Flag | GeneralFlag | undefined;
  for (const word of before) {
    if (open !== undefined) {
      if ("field" in open) given.set(open.field, word);
      open = undefined;
    } else if (word.startsWith("-") && word !== "-") {
      const flag = named.get(word);
      open = flag !== undefined && takesValue(flag) ? flag : undefined;
    } else places.push(word);
  }
  if (open !== undefined) return valuesOf(open, command, given);
  if (typed.startsWith("-")) return { kind: "words", words: flagWords(grammar.flags, grammar.general) };
  const fields = placesOf(command, grammar);
  for (const [index, word] of places.entries()) {
    const field = fields[index];
    if (field !== undefined) given.set(field, word);
  }
  const field = fields[places.length];
  if (field === undefined) return none;
  if (field === "file") return { kind: "files" };
  if (field === "profile") return { kind: "profiles" };
  if (field === "screen") return { kind: "words", words: openScreens.map((word) => ({ word })) };
  if (field === "shell") return { kind: "words", words: shells.map((word) => ({ word })) };
  return { kind: "values", field, command, given };
}

/** The fields of arguments that are no flags, in their order. */
function placesOf(command: string, { flags }: Grammar): readonly string[] {
  if (command === "tail") return ["topic"];
  if (command === "import") return ["file"];
  if (command === "open") return ["screen"];
  if (command === "completion") return ["shell"];
  if (command === "profile use" || command === "profile remove") return ["profile"];
  if (command === "show") return ["app_id", "message_id"];
  return flags.filter(({ place }) => place === "path").map(({ field }) => field);
}

function takesValue(flag: Flag | GeneralFlag): boolean {
  return "field" in flag ? flag.type !== "switch" : flag.value !== undefined;
}

function valuesOf(flag: Flag | GeneralFlag, command: string, given: ReadonlyMap<string, string>): Candidates {
  if (!("field" in flag)) {
    if (flag.names.includes("--profile")) return { kind: "profiles" };
    return flag.names.some((name) => /-file$/.test(name)) || flag.value === "file" ? { kind: "files" } : none;
  }
  const { schema, field } = flag;
  const items = (schema.items ?? {}) as typeof schema;
  const words = Array.isArray(schema.enum) ? schema.enum : items.enum;
  if (Array.isArray(words) && onlyWord(schema) === undefined) {
    return { kind: "words", words: words.map((word) => ({ word: String(word) })) };
  }
  return { kind: "values", field, command, given };
}

function flagWords(flags: readonly Flag[], general: readonly GeneralFlag[]): Candidate[] {
  const fields = flags.flatMap(({ names, schema }) =>
    names.map((word) => ({ word, meaning: String(schema.description ?? "") })),
  );
  const others = general.flatMap(({ names, meaning }) => names.map((word) => ({ word, meaning })));
  return [...fields, ...others].filter(({ word }) => word.startsWith("--"));
}
