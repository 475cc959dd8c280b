/** An answer as a terminal shows it: a page of rows as a table, all else as lines of names and values, its lists of objects as tables. */
import { pad } from "./cell.ts";
import { coloured } from "./colour.ts";
import { labelOf, memberText } from "./member.ts";
import { isState, type Style, tableOf } from "./table.ts";

/** What a page has beside its rows, for programs; the first is shown as a hint, see `output.ts`. */
const pageEnds = ["next_cursor", "as_of_seq", "clock"];

interface Parts {
  readonly lines: (readonly [name: string, value: unknown])[];
  readonly tables: (readonly [name: string, rows: readonly object[]])[];
}

/** @param first the columns of its tables that get their room first */
export function viewOf(answer: object, style: Style, first: readonly string[] = []): string {
  const parts: Parts = { lines: [], tables: [] };
  take(parts, answer, "");
  const { lines, tables } = parts;
  const nameWidth = Math.max(0, ...lines.map(([name]) => labelOf(name).length));
  const head = lines.map(([name, value]) => {
    const text = memberText(name, value);
    return `${pad(labelOf(name), nameWidth)}  ${style.colour && isState(name) ? coloured(text, text) : text}\n`;
  });
  const bodies = tables.map(([name, rows]) => {
    const alone = lines.length === 0 && tables.length === 1;
    return (alone ? "" : `\n${name}\n`) + tableOf(rows, style, first);
  });
  return [...head, ...bodies].join("").replace(/^\n/, "");
}

/** Divides an answer into lines and tables. */
function take({ lines, tables }: Parts, object: object, prefix: string): void {
  for (const [name, value] of Object.entries(object)) {
    const at = prefix + name;
    if (prefix === "" && pageEnds.includes(name)) continue;
    if (Array.isArray(value) && value.some((one) => typeof one === "object" && one !== null)) {
      tables.push([at, value]);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      take({ lines, tables }, value, `${at}.`);
    } else {
      lines.push([at, Array.isArray(value) && value.length === 0 ? "none" : value]);
    }
  }
}
