import { expect, test } from "bun:test";
import { operations } from "../../src/api/operations.ts";
import { findCommand } from "../../src/cli/command-table.ts";
import { flagsOf } from "../../src/cli/flag.ts";
import { generalFlagsOf } from "../../src/cli/general-flags.ts";
import { commandHelp, commandList } from "../../src/cli/help.ts";

const others = ["", "serve", "config check"];
const find = (line: string) => findCommand(line.split(" "), others);

test("every operation has a command of its own, and the help lists it", () => {
  const commands = operations.map(({ command }) => command);
  expect(new Set(commands).size).toBe(commands.length);
  const list = commandList(operations);
  for (const operation of operations) {
    const { command } = operation;
    expect(command).toMatch(/^[a-z]+(-[a-z]+)*( [a-z]+(-[a-z]+)*)*$/);
    expect(list).toMatch(new RegExp(`^  ${command}  +\\S`, "m"));
    // Arguments follow the words, so no command may begin with all of another's.
    expect(commands.filter((one) => one.startsWith(`${command} `))).toEqual([]);
    expect(find(`${command} x --limit 3`)).toEqual({ operation, args: ["x", "--limit", "3"] });
  }
});

test("the help of a command has each of its flags, and no field takes the name of a general one but --url", () => {
  for (const operation of operations) {
    const help = commandHelp(operation);
    const general = generalFlagsOf(operation).flatMap(({ names }) => names);
    for (const { names } of flagsOf(operation)) {
      for (const name of names) expect(help).toContain(name);
      expect([operation.command, names.filter((name) => general.includes(name) && name !== "--url")]).toEqual(
        [operation.command, []],
      );
    }
    expect(help).not.toContain("undefined");
    expect(help).not.toContain("`");
  }
});

test("the beginning of commands is the group of them", () => {
  const found = find("alerts sinks --help");
  expect("group" in found && found.group.map(({ command }) => command)).toEqual([
    "alerts sinks list",
    "alerts sinks get",
    "alerts sinks put",
    "alerts sinks delete",
    "alerts sinks test",
  ]);
});

test("an unknown command is refused with the nearest one", () => {
  for (const [line, problem] of [
    ["lst", "unknown command lst: did you mean list?"],
    ["alerts ruels list", "unknown command alerts ruels: did you mean alerts rules?"],
    ["alerts rules pt x", "unknown command alerts rules pt: did you mean alerts rules put?"],
    ["srve", "unknown command srve: did you mean serve?"],
    ["fly", "unknown command fly"],
    ["config", "unknown command config"],
  ] as const) {
    expect(find(line)).toEqual({ problem });
  }
});
