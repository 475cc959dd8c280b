/** The flags that a command has beside those of its fields. */
import type { Operation } from "../api/operation.ts";
import { shapeOf } from "../api/schema.ts";
import { frontFlags, type GeneralFlag } from "./front-flags.ts";

const file: GeneralFlag = {
  names: ["--file", "-f"],
  value: "file",
  meaning: "The body as JSON, in a file, or - for stdin; an answer of Mars that has it will do",
};

const all: GeneralFlag = {
  names: ["--all"],
  meaning: "Every page, to the end; as JSON one row a line",
};

const fail: GeneralFlag = {
  names: ["--fail"],
  meaning: "Exit code 1 if there is anything in the answer: for scripts that must stop then",
};

export function generalFlagsOf(operation: Operation): GeneralFlag[] {
  return [
    ...(operation.body === undefined ? [] : [file]),
    ...(hasPages(operation) ? [all, fail] : []),
    ...frontFlags,
  ];
}

function hasPages({ input }: Operation): boolean {
  return shapeOf(input).cursor !== undefined;
}
