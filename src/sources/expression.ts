/** A rule as it is run: a path, which is quick, or an expression in CEL. */
import { Absent, compileCel } from "./cel.ts";
import { parsePath, readPath, type Scope } from "./path.ts";

/** @throws `Absent`, or an `Error` with one sentence */
export type Expression = (scope: Scope) => unknown;

/** @throws `Error` with the fault and its place */
export function compileExpression(text: string): Expression {
  const path = parsePath(text);
  if (path === undefined) return compileCel(text).evaluate;
  return (scope) => {
    const value = readPath(path, scope);
    if (value === undefined || value === null) throw new Absent(`${text} is not there`);
    return value;
  };
}
