/** Attributes as a `google.protobuf.Struct`, whose numbers are doubles. */
import { keptDigits } from "../../core/exact-json.ts";

/**
 * The same value with a text for each integer that a double cannot hold: so its digits are kept.
 *
 * @param value of an answer, as `parseForAnswer` has it
 */
export function structOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const digits = keptDigits(value);
  if (digits !== undefined) return digits;
  if (Array.isArray(value)) return value.map(structOf);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, structOf(member)]));
}
