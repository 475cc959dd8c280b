/**
 * The commands that call a running Mars: arguments → request → answer → text and exit code (`exit-code.ts`). Nothing here touches
 * the process.
 */
import type { Operation } from "../api/operation.ts";
import { operations } from "../api/operations.ts";
import { type Arguments, grammarOf, parseArguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import { harmless } from "./cell.ts";
import { findCommand } from "./command-table.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlagOf } from "./front-flags.ts";
import { readGiven } from "./given-file.ts";
import { commandHelp, commandList, groupHelp, ownHelp } from "./help.ts";
import type { Host } from "./host.ts";
import type { OwnCommand } from "./own-command.ts";
import { ownCommands } from "./own-commands.ts";
import { bodyOf } from "./request.ts";
import { openSession, type Session } from "./session.ts";

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
  const help = `mars ${own.command} --help`;
  if ("offline" in own) return problems.length > 0 ? refuse(host, problems, help) : own.offline(parsed, host);
  return withSession(problems, parsed, host, help, (session) => own.run(parsed, session));
}

async function carryOut(operation: Operation, parsed: Arguments, host: Host): Promise<number> {
  const { values, general, problems } = parsed;
  const help = `mars ${operation.command} --help`;
  return withSession(problems, parsed, host, help, async (session) => {
    const file = general.get("--file");
    const given = file === undefined ? undefined : await readGiven(file, "--file", host);
    if (given !== undefined && "problem" in given) return refuse(host, [given.problem], help);
    const options = {
      all: general.has("--all"),
      fail: general.has("--fail"),
      ...(given !== undefined && { body: bodyOf(operation, values, given.text) }),
    };
    return ask(operation, values, options, session);
  });
}

/** Problems of the usage and of the settings are named together. */
async function withSession(
  problems: readonly string[],
  parsed: Arguments,
  host: Host,
  help: string,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const opened = await openSession(parsed, host);
  if (!opened.ok) return refuse(host, [...problems, ...opened.problems], help);
  return problems.length > 0 ? refuse(host, problems, help) : work(opened.session);
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
