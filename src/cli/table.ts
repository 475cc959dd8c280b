/** Rows as an aligned table, with as many columns as the terminal has room for. */
import { cellOf, cut, pad, widthOf } from "./cell.ts";
import { coloured, paint } from "./colour.ts";
import { labelOf, memberText } from "./member.ts";

/** How a terminal shows answers. */
export interface Style {
  /** The terminal's. */
  readonly columns: number;
  readonly colour: boolean;
}

interface Column {
  /** Of the member: `messages.open`. */
  readonly name: string;
  readonly width: number;
  readonly right: boolean;
}

/** A member of a row, that of a member of it included. */
type Cells = ReadonlyMap<string, unknown>;

const gap = 2;
/** Of a column that is no id. */
const widthMax = 40;
/** A column narrower than that shows too little of a text. */
const cutWidthMin = 12;

/** The rows, below their header. @param first members that get their room before others but ids */
export function tableOf(rows: readonly object[], style: Style, first: readonly string[] = []): string {
  const cells = rows.map((row) => cellsOf(row));
  const columns = columnsFor(cells, style.columns, first);
  return headerOf(columns, style) + cells.map((row) => rowLine(row, columns, style)).join("");
}

/** Lists of objects, such as attempts, are their number. */
function cellsOf(row: object, prefix = ""): Map<string, unknown> {
  const cells = new Map<string, unknown>();
  for (const [name, value] of Object.entries(row)) {
    const at = prefix + name;
    if (isObject(value)) for (const [inner, cell] of cellsOf(value, `${at}.`)) cells.set(inner, cell);
    else cells.set(at, Array.isArray(value) && value.some(isObject) ? value.length : value);
  }
  return cells;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The columns that fit, in the order of the rows. Which: ids first, which are never cut, then by `rank`, which begins with `first`. A column without any value
 * is left out. Room that is left goes to texts that are cut.
 */
function columnsFor(rows: readonly Cells[], columns: number, first: readonly string[]): Column[] {
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const filled = names.filter((name) => rows.some((row) => cellOf(row.get(name)) !== "-"));
  const chosen: { name: string; width: number; right: boolean; natural: number }[] = [];
  let left = columns + gap;
  for (const name of [...filled].sort((a, b) => rank(a, rows, first) - rank(b, rows, first))) {
    const values = rows.map((row) => row.get(name));
    const headWidth = labelOf(name).length;
    const natural = Math.max(headWidth, ...values.map((value) => widthOf(memberText(name, value))));
    const cuttable = isText(name, rows);
    const wanted = cuttable ? Math.max(headWidth, Math.min(natural, widthMax)) : natural;
    const room = left - gap;
    const width = cuttable && room >= Math.max(headWidth, cutWidthMin) ? Math.min(wanted, room) : wanted;
    if (width > room && !isId(name)) continue;
    const right = values.every((value) => typeof value === "number" || value === null);
    chosen.push({ name, width, right, natural });
    left -= width + gap;
  }
  for (const column of chosen) {
    const more = Math.max(0, Math.min(column.natural - column.width, left));
    column.width += more;
    left -= more;
  }
  return chosen.sort((a, b) => filled.indexOf(a.name) - filled.indexOf(b.name));
}

function headerOf(columns: readonly Column[], { colour }: Style): string {
  const line = lineOf(
    columns.map(({ name, width, right }) => pad(labelOf(name).toUpperCase(), width, right)),
  );
  return `${paint(line.trimEnd(), "dim", colour)}\n`;
}

function rowLine(row: Cells, columns: readonly Column[], { colour }: Style): string {
  const cells = columns.map(({ name, width, right }) => {
    const value = row.get(name);
    const text = memberText(name, value);
    const shown = pad(isId(name) ? text : cut(text, width), width, right);
    if (name === "overdue_for_ms") return paint(shown, "red", colour);
    return colour && isState(name) ? coloured(shown, text) : shown;
  });
  return lineOf(cells);
}

function lineOf(cells: readonly string[]): string {
  return `${cells.join(" ".repeat(gap)).trimEnd()}\n`;
}

/** The lower, the sooner a column is chosen. */
function rank(name: string, rows: readonly Cells[], first: readonly string[]): number {
  if (isId(name)) return 0;
  const place = first.indexOf(name);
  if (place !== -1) return (place + 1) / (first.length + 1);
  if (isState(name)) return 1;
  const inner = name.includes(".");
  const list = rows.some((row) => Array.isArray(row.get(name)));
  // Lists repeat what is beside them, paths are for programs, and numbers of places and versions say little to a reader.
  if (list || (inner && isText(name, rows)) || name === "seq" || name === "version") return 4;
  return inner ? 3 : 2;
}

/** Not in a member of a row, where it is of another thing. */
function isId(name: string): boolean {
  return /^(\w+_)?id$/.test(name);
}

export function isState(name: string): boolean {
  return /(^|\.)(state|status|kind|outcome)$/.test(name);
}

/** Whether a part of it says something, as it does not of a time or a number. */
function isText(name: string, rows: readonly Cells[]): boolean {
  return (
    !isId(name) &&
    !/(_at|_since|until|since)$/.test(name) &&
    rows.some((row) => typeof row.get(name) === "string" || Array.isArray(row.get(name)))
  );
}
