/** Reads JSON objects strictly: a misspelt field is an error, and is not ignored. */
import type { FieldProblem } from "../core/error.ts";

/** Its fields, as far as they are known ones; reports the others. */
export function objectOf<Name extends string>(
  value: unknown,
  field: string,
  names: readonly Name[],
  problems: FieldProblem[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push({ field, message: "must be a JSON object" });
    return {};
  }
  for (const name of Object.keys(value)) {
    if ((names as readonly string[]).includes(name)) continue;
    problems.push({
      field: field === "" ? name : `${field}.${name}`,
      message: `is unknown; known are ${names.join(", ")}`,
    });
  }
  return value as Partial<Record<Name, unknown>>;
}
