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

export function generalFlagsOf(operation: Operation): GeneralFlag[] {
  return [
    ...(operation.body === undefined ? [] : [file]),
    ...(hasPages(operation) ? [all] : []),
    ...frontFlags,
  ];
}

function hasPages({ input }: Operation): boolean {
  return shapeOf(input).cursor !== undefined;
}
