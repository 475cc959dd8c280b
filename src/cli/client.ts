/**
 * The commands that call a running Mars: arguments → request → answer → text and exit code (`exit-code.ts`). Nothing here touches
 * the process.
 */
import type { Operation } from "../api/operation.ts";
import { operations } from "../api/operations.ts";
import { type Client, parseClient } from "../config/client.ts";
import { withNamedFile } from "../config/config-file.ts";
import { type Arguments, grammarOf, parseArguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import { harmless } from "./cell.ts";
import { findCommand } from "./command-table.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlagOf, serverFlags } from "./front-flags.ts";
import { readGiven } from "./given-file.ts";
import { commandHelp, commandList, groupHelp, ownHelp } from "./help.ts";
import type { Host } from "./host.ts";
import type { OwnCommand } from "./own-command.ts";
import { ownCommands } from "./own-commands.ts";
import { bodyOf } from "./request.ts";
import type { Session } from "./session.ts";

/** The list of all commands, for `mars --help`. */
export const clientCommands = (): string => commandList(operations, ownCommands);

/** Carries out a command. @returns the exit code */
export async function runClient(args: readonly string[], host: Host): Promise<number> {
  const { front, words } = divide(args);
  const found = findCommand(words, host.commands, ownCommands);
  if ("problem" in found) return refuse(host, [found.problem], "mars --help");
  if ("group" in found) {
    if (words.includes("--help") || words.includes("-h")) return print(host, groupHelp(found.group));
    host.complain(`which command is meant?\n${groupHelp(found.group).trimEnd()}`);
    return exitCode.usage;
  }
  if ("own" in found) return runOwn(found.own, found.args, front, host);
  const { operation } = found;
  const parsed = parseArguments(grammarOf(operation), found.args, front);
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

async function runOwn(
  own: OwnCommand,
  args: readonly string[],
  front: readonly string[],
  host: Host,
): Promise<number> {
  const parsed = parseArguments(own.grammar, args, front);
  if (parsed.general.has("--help")) return print(host, ownHelp(own));
  const problems = [...parsed.problems, ...(own.problems?.(parsed) ?? [])];
  if ("offline" in own) {
    if (problems.length > 0) return refuse(host, problems, `mars ${own.command} --help`);
    return own.offline(parsed, host);
  }
  const settings = await settingsOf(parsed, host);
  if (problems.length > 0 || !settings.ok) {
    return refuse(
      host,
      [...problems, ...(settings.ok ? [] : settings.problems)],
      `mars ${own.command} --help`,
    );
  }
  return own.run(parsed, sessionOf(settings.client, parsed, host));
}

async function carryOut(operation: Operation, parsed: Arguments, host: Host): Promise<number> {
  const { values, general } = parsed;
  const settings = await settingsOf(parsed, host);
  const problems = [...parsed.problems, ...(settings.ok ? [] : settings.problems)];
  if (problems.length > 0 || !settings.ok) return refuse(host, problems, `mars ${operation.command} --help`);

  const file = general.get("--file");
  const given = file === undefined ? undefined : await readGiven(file, "--file", host);
  if (given !== undefined && "problem" in given)
    return refuse(host, [given.problem], `mars ${operation.command} --help`);
  const options = {
    all: general.has("--all"),
    fail: general.has("--fail"),
    ...(given !== undefined && { body: bodyOf(operation, values, given.text) }),
  };
  return ask(operation, values, options, sessionOf(settings.client, parsed, host));
}

async function settingsOf({ general }: Arguments, { env, readFile }: Host) {
  const argv = serverFlags.flatMap((name) => {
    const value = general.get(name);
    return value === undefined ? [] : [name, value];
  });
  const read = await withNamedFile({ argv: [], env, readFile });
  return read.ok ? parseClient({ ...read.sources, argv }) : read;
}

function sessionOf(client: Client, { general }: Arguments, host: Host): Session {
  if (client.local) host.bypassProxy(new URL(client.url).hostname);
  warnOfKey(client, host);
  return {
    client,
    host,
    json: general.has("--json") || host.columns === undefined,
    style: { columns: host.columns ?? 0, colour: !host.env.NO_COLOR && host.env.TERM !== "dumb" },
    agent: `mars/${host.version}`,
  };
}

/** Between here and another machine everyone on the way can read it. */
function warnOfKey({ url, local, key }: Client, host: Host): void {
  if (key === undefined || local || !url.startsWith("http:")) return;
  host.complain(`the key of ${key.source} goes to ${url} without encryption: use https`);
}

function print(host: Host, text: string): number {
  host.print(text);
  return exitCode.done;
}

function refuse(host: Host, problems: readonly string[], help: string): number {
  for (const problem of problems) host.complain(harmless(problem));
  host.complain(`see ${help}`);
  return exitCode.usage;
}
