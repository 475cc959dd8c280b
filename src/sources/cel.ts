/**
 * Expressions in CEL (https://cel.dev), which have no side effects and always end. That is not to say soon: macros within macros
 * multiply. So their nesting is bounded here, and time by `workers/`, which ends the thread.
 *
 * Of CEL are left out: `bind`, by which a short expression makes a text of gigabytes, and what is not in the standard. There is one
 * function more, `parse_json(text)`.
 */
import { Environment, EvaluationError, ParseError } from "@marcbachmann/cel-js";
import { parseExact } from "../core/exact-json.ts";
import { nestsTooDeep } from "../core/json-depth.ts";
import type { Scope } from "./path.ts";

/** Macros may stand in one another so deep: a list of a list. */
const macroDepthMax = 2;

const macros: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);
const functions: ReadonlySet<string> = new Set([
  ...macros,
  ...[
    "has",
    "size",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "dyn",
    "type",
    "timestamp",
    "duration",
  ],
  ...["startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii", "trim", "indexOf"],
  ...[
    "lastIndexOf",
    "substring",
    "split",
    "join",
    "base64",
    "hex",
    "at",
    "or",
    "orValue",
    "hasValue",
    "value",
  ],
  ...["getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek", "getDayOfYear", "getHours"],
  ...["getMinutes", "getSeconds", "getMilliseconds", "parse_json"],
]);

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: {
    maxAstNodes: 300,
    maxDepth: 32,
    maxListElements: 100,
    maxMapEntries: 100,
    maxCallArguments: 8,
  },
});
for (const name of ["body", "item", "headers"]) environment.registerVariable(name, "dyn");
environment.registerFunction("parse_json(string): dyn", (text: string) => {
  if (nestsTooDeep(text)) throw new Error("parse_json() must not nest so deep");
  return parseExact(text);
});

/** A value that is not there: the rule has none, which is no fault by itself. */
export class Absent extends Error {}

const absentCodes: ReadonlySet<string> = new Set([
  "no_such_key",
  "index_out_of_bounds",
  "optional_value_missing",
]);

export interface Compiled {
  /** @throws `Absent` for a member that is not there, and an `Error` with one sentence for all else */
  evaluate(scope: Scope): unknown;
}

/** @throws `Error` with the fault and its place: `unexpected token: EOF at column 12` */
export function compileCel(text: string): Compiled {
  try {
    const parsed = environment.parse(text);
    const problem = astProblem(parsed.ast as unknown);
    if (problem !== undefined) throw new Error(problem);
    const { valid, error } = parsed.check();
    if (!valid) throw error ?? new Error("is no valid expression");
    return {
      evaluate(scope) {
        try {
          return plain(parsed(scope));
        } catch (thrown) {
          if (thrown instanceof EvaluationError && absentCodes.has(thrown.code))
            throw new Absent(reasonOf(thrown));
          throw new Error(reasonOf(thrown));
        }
      },
    };
  } catch (thrown) {
    throw new Error(reasonOf(thrown));
  }
}

/** Whether it looks at nothing but its own literals is not asked: `"sent"` is a good rule. */
function astProblem(node: unknown, depth = 0): string | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if (Array.isArray(node)) {
    for (const one of node) {
      const problem = astProblem(one, depth);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const { op, args, pos = 0 } = node as { op?: unknown; args?: unknown; pos?: number };
  if (op !== "call" && op !== "rcall")
    return Array.isArray(args) ? astProblem(args, depth) : astProblem(args, depth);
  const [name, ...rest] = args as readonly [string, ...unknown[]];
  const place = `at column ${pos + 1}`;
  if (!functions.has(name)) return `there is no function ${name}() ${place}`;
  if (op === "call") return astProblem(rest, depth);
  const [receiver, given] = rest;
  const inner = macros.has(name) ? depth + 1 : depth;
  if (inner > macroDepthMax) return `${name}() is more than ${macroDepthMax} macros deep ${place}`;
  return astProblem(receiver, depth) ?? astProblem(given, inner);
}

/** One sentence without the excerpt that the library adds below it. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof ParseError || thrown instanceof EvaluationError || isPlaced(thrown)) {
    const { summary, message, range } = thrown as {
      summary?: string;
      message: string;
      range?: { start: number };
    };
    const text = (summary ?? message.split("\n")[0] ?? "").replace(/^\p{Lu}(?=\p{Ll})/u, (letter) =>
      letter.toLowerCase(),
    );
    return range === undefined ? text : `${text} at column ${range.start + 1}`;
  }
  return thrown instanceof Error ? (thrown.message.split("\n")[0] ?? "") : String(thrown);
}

function isPlaced(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "range" in thrown && "message" in thrown;
}

/** CEL's optional values are either there or not. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("hasValue" in value)) return value;
  const optional = value as { hasValue(): boolean; value(): unknown };
  return optional.hasValue() ? optional.value() : undefined;
}
