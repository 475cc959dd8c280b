/** A line of the log as people read it on a terminal: time, level, message, fields, and below it the stacks of errors. */
import type { LogLevel } from "../core/ports.ts";

export interface LogTextOptions {
  readonly colour: boolean;
}

const colours: Readonly<Record<LogLevel, string>> = { debug: "2", info: "36", warn: "33", error: "31" };

/** What a terminal could take for an order: control characters, and those that change the direction of text. */
const harmful = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
}

/** @param json the line as JSON, as `formatLine` makes it */
export function textLine(json: string, { colour }: LogTextOptions): string {
  const { time, level, message, ...fields } = JSON.parse(json) as Line & Readonly<Record<string, unknown>>;
  const paint = (code: string, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const stacks: string[] = [];
  const shown = Object.entries(fields).map(([name, value]) => {
    const stack = stackOf(value);
    if (stack !== undefined) stacks.push(...stack.split("\n").map((line) => `    ${line}`));
    return `${paint("2", `${plain(name)}=`)}${plain(valueText(value))}`;
  });
  const head = `${time} ${paint(colours[level], level.toUpperCase().padEnd(5))} ${plain(message)}`;
  return [[head, ...shown].join(" "), ...stacks.map((line) => plain(line))].join("\n");
}

interface Described {
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

function valueText(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return value;
  const { stack, message } = (value ?? {}) as Described;
  // The stack is below.
  return JSON.stringify(typeof stack === "string" && typeof message === "string" ? message : value) ?? "";
}

/** Of an error, with those of its causes. */
function stackOf(value: unknown): string | undefined {
  const { stack, cause } = (value ?? {}) as Described;
  if (typeof stack !== "string") return undefined;
  const below = stackOf(cause);
  return below === undefined ? stack : `${stack}\ncaused by ${below}`;
}

function plain(text: string): string {
  return text.replace(harmful, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
