/** Reads lifecycles as the operations do. */
import { definition } from "../../src/api/definition.ts";
import { problemsOf, throwIfAny } from "../../src/api/problems.ts";
import type { Definition } from "../../src/lifecycle/definition.ts";

/** @throws `MarsError("invalid_argument")` with one problem for each place at fault */
export function parseDefinition(value: unknown): Definition {
  const { success, data, error } = definition.safeParse(value, { reportInput: true });
  if (!success) throwIfAny(problemsOf(error, definition));
  return data as Definition;
}
