/** The text that is printed of an answer: JSON for pipes, tables for terminals. */
import { answerSchema, type Json } from "../api/json-schema.ts";
import type { Operation } from "../api/operation.ts";
import type { Answer } from "./call.ts";
import { harmlessJson } from "./cell.ts";
import { firstColumns } from "./columns.ts";
import { type Style, tableOf } from "./table.ts";
import { viewOf } from "./view.ts";

/** The text for an answer. Called for each page where there are several. */
export type Output = (answer: Answer) => string;

interface Pages {
  /** Whether every page is printed. */
  readonly all: boolean;
}

/** The answer as it was sent, or with `all` its rows, one a line. */
export function jsonOutput(
  operation: Operation,
  { all, terminal }: Pages & { readonly terminal: boolean },
): Output {
  const rows = rowsMember(operation);
  return ({ text, value }) => {
    const lines = all
      ? listIn(value, rows)
          .map((row) => `${JSON.stringify(row)}\n`)
          .join("")
      : `${text.trimEnd()}\n`;
    return terminal ? harmlessJson(lines) : lines;
  };
}

export function tableOutput(operation: Operation, { all, style }: Pages & { readonly style: Style }): Output {
  const rows = rowsMember(operation);
  const first = firstColumns(operation.command);
  let pages = 0;
  return ({ value }) => {
    pages++;
    if (pages > 1) return tableOf(listIn(value, rows), style, first);
    const more = "next_cursor" in value && value.next_cursor !== null && !all;
    return viewOf(value, style, first) + (more ? "There is more: --all\n" : "");
  };
}

/** How many rows the page has. */
export function rowsIn(operation: Operation, { value }: Answer): number {
  return rowsOf(operation, value).length;
}

/** The member of an answer that has the rows of a page. */
function rowsMember(operation: Operation): string | undefined {
  const { properties = {} } = answerSchema(operation);
  return Object.keys(properties).find(
    (name) => (properties[name]?.items as Json | undefined)?.type === "object",
  );
}

/** The rows of a page. */
export function rowsOf(operation: Operation, answer: object): readonly object[] {
  return listIn(answer, rowsMember(operation));
}

function listIn(answer: object, member: string | undefined): readonly object[] {
  const rows = Object.entries(answer).find(([name]) => name === member)?.[1];
  return Array.isArray(rows) ? rows : [];
}
