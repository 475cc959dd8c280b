/**
 * The commands that call a running Mars: arguments → request → answer → text and exit code. Nothing here touches the process.
 *
 * Exit codes: 0 done, 1 refused by the server, or not reached, 2 wrong usage.
 */
import type { Operation } from "../api/operation.ts";
import { operations } from "../api/operations.ts";
import { type Client, parseClient } from "../config/client.ts";
import type { Sources } from "../config/sources.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import { call } from "./call.ts";
import { harmless } from "./cell.ts";
import { findCommand } from "./command-table.ts";
import { frontFlagOf } from "./front-flags.ts";
import { commandHelp, commandList, groupHelp } from "./help.ts";
import { jsonOutput, tableOutput } from "./output.ts";
import { bodyOf, requestOf } from "./request.ts";

/** The process, as far as a command uses it. */
export interface Host {
  readonly env: Sources["env"];
  readonly readFile: Sources["readFile"];
  readStdin(): Promise<string>;
  /** @returns whether there is still a reader */
  print(text: string): boolean;
  /** Writes to stderr. */
  complain(text: string): void;
  /** Lets `fetch` connect to a host itself: a proxy would see the keys of this machine. */
  bypassProxy(host: string): void;
  /** The columns of the terminal that stdout is; absent where it is none. */
  readonly columns: number | undefined;
  readonly version: string;
  /** The commands that call no running Mars, such as `serve`. */
  readonly commands: readonly string[];
}

/** The list of all commands, for `mars --help`. */
export const clientCommands = (): string => commandList(operations);

/** Carries out a command. @returns the exit code */
export async function runClient(args: readonly string[], host: Host): Promise<number> {
  const { front, words } = divide(args);
  const found = findCommand(words, host.commands);
  if ("problem" in found) return refuse(host, [found.problem], "mars --help");
  if ("group" in found) {
    if (words.includes("--help") || words.includes("-h")) return print(host, groupHelp(found.group));
    host.complain(`which command is meant?\n${groupHelp(found.group).trimEnd()}`);
    return 2;
  }
  const { operation } = found;
  const parsed = parseArguments(operation, found.args, front);
  if (parsed.general.has("--help")) return print(host, commandHelp(operation));
  return carryOut(operation, parsed, host);
}

/** Divides arguments into the flags before the words of a command, and what follows. */
function divide(args: readonly string[]): { front: string[]; words: string[] } {
  let at = 0;
  for (let flag = frontFlagOf(args[at]); flag !== undefined; flag = frontFlagOf(args[at])) {
    at += flag.value === undefined || args[at]?.includes("=") ? 1 : 2;
  }
  return { front: args.slice(0, at), words: args.slice(at) };
}

async function carryOut(operation: Operation, parsed: Arguments, host: Host): Promise<number> {
  const { values, general } = parsed;
  const argv = ["--url", "--key-file"].flatMap((name) => {
    const value = general.get(name);
    return value === undefined ? [] : [name, value];
  });
  const settings = parseClient({ argv, env: host.env, readFile: host.readFile });
  const problems = [...parsed.problems, ...(settings.ok ? [] : settings.problems)];
  if (problems.length > 0 || !settings.ok) return refuse(host, problems, `mars ${operation.command} --help`);

  let body: string | undefined;
  const file = general.get("--file");
  try {
    if (file === "-") body = await host.readStdin();
    else if (file !== undefined) body = host.readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(host, [`--file cannot be read: ${reason}`], `mars ${operation.command} --help`);
  }
  const { client } = settings;
  if (client.local) host.bypassProxy(new URL(client.url).hostname);
  warnOfKey(client, host);
  return ask(operation, values, body === undefined ? undefined : bodyOf(operation, values, body), {
    client,
    host,
    all: general.has("--all"),
    json: general.has("--json") || host.columns === undefined,
  });
}

interface Asking {
  readonly client: Client;
  readonly host: Host;
  /** Goes on to the last page. */
  readonly all: boolean;
  readonly json: boolean;
}

async function ask(
  operation: Operation,
  values: Arguments["values"],
  body: string | undefined,
  { client, host, all, json }: Asking,
): Promise<number> {
  const style = {
    columns: host.columns ?? 0,
    colour: !host.env.NO_COLOR && host.env.TERM !== "dumb",
  };
  const output = json
    ? jsonOutput(operation, { all, terminal: host.columns !== undefined })
    : tableOutput(operation, { all, style });
  for (let cursor: unknown; ; ) {
    const request = requestOf(operation, cursor === undefined ? values : { ...values, cursor }, body);
    const answer = await call(client, request, `mars/${host.version}`);
    if (!answer.ok) {
      for (const sentence of answer.sentences) host.complain(harmless(sentence));
      return 1;
    }
    // The reader of a pipe that has gone, such as `head`, has had enough.
    if (!host.print(output(answer))) return 0;
    const { success, next_cursor } = answer.value as {
      readonly success?: unknown;
      readonly next_cursor?: unknown;
    };
    if (success === false) return 1;
    cursor = next_cursor ?? undefined;
    if (!all || cursor === undefined) return 0;
  }
}

/** Between here and another machine everyone on the way can read it. */
function warnOfKey({ url, local, key }: Client, host: Host): void {
  if (key === undefined || local || !url.startsWith("http:")) return;
  host.complain(`the key of ${key.source} goes to ${url} without encryption: use https`);
}

function print(host: Host, text: string): number {
  host.print(text);
  return 0;
}

function refuse(host: Host, problems: readonly string[], help: string): number {
  for (const problem of problems) host.complain(harmless(problem));
  host.complain(`see ${help}`);
  return 2;
}
