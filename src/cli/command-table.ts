/** The commands that call a running Mars: one for each operation, and those of their own, found by their words. */
import type { Operation } from "../api/operation.ts";
import { operations } from "../api/operations.ts";
import { nearest } from "../core/nearest.ts";
import type { OwnCommand } from "./own-command.ts";

export type Found =
  | { readonly operation: Operation; readonly args: readonly string[] }
  | { readonly own: OwnCommand; readonly args: readonly string[] }
  /** The words begin several commands, and are none. */
  | { readonly group: readonly Named[] }
  | { readonly problem: string };

/** What a list of commands says of one. */
export type Named = Pick<Operation | OwnCommand, "command" | "summary">;

/**
 * @param args those of the process, beginning with the words of a command
 * @param others commands that are no operations
 */
export function findCommand(
  args: readonly string[],
  others: readonly string[],
  own: readonly OwnCommand[] = [],
): Found {
  const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
  const words = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const command = own.find((one) => begins(words, one.command.split(" ")));
  if (command !== undefined) return { own: command, args: args.slice(command.command.split(" ").length) };
  // No command begins with all words of another.
  const operation = operations.find(({ command }) => begins(words, command.split(" ")));
  if (operation !== undefined) return { operation, args: args.slice(operation.command.split(" ").length) };
  const group = [...own, ...operations].filter(({ command }) => begins(command.split(" "), words));
  return group.length > 0
    ? { group }
    : { problem: unknown(words, [...own.map(({ command }) => command), ...others]) };
}

function begins(words: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= words.length && beginning.every((word, index) => word === words[index]);
}

/** Words after those of a command are its arguments, so names of the same length in words are compared. */
function unknown(words: readonly string[], others: readonly string[]): string {
  const commands = [...operations.map(({ command }) => command), ...others].map((one) => one.split(" "));
  for (let count = 1; count <= words.length; count++) {
    const given = words.slice(0, count);
    const known = commands.map((one) => one.slice(0, count));
    if (known.some((one) => begins(given, one))) continue;
    const names = [...new Set(known.map((one) => one.join(" ")))];
    const text = given.join(" ");
    return `unknown command ${text}${nearest(text, names)}`;
  }
  return `unknown command ${words.join(" ")}`;
}
