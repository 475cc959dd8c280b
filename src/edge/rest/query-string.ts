/** Query strings, read strictly: what cannot be meant is an error rather than a guess. */
import { type FieldProblem, MarsError } from "../../event/error.ts";

/**
 * The values of the parameters in `names`; others are ignored, as unknown fields are.
 *
 * @throws `MarsError` `malformed` for a broken percent-encoding, `invalid_argument` for a parameter that is there
 *   more than once
 */
export function readQuery<Name extends string>(
  url: string,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const values: Partial<Record<Name, string>> = {};
  const problems: FieldProblem[] = [];
  const start = url.indexOf("?");
  if (start === -1) return values;
  for (const pair of url.slice(start + 1).split("&")) {
    const equals = pair.indexOf("=");
    const rawName = equals === -1 ? pair : pair.slice(0, equals);
    const name = names.find((known) => known === decode(rawName, rawName));
    if (name === undefined) continue;
    if (values[name] !== undefined) problems.push({ field: name, message: "must be given once" });
    values[name] = equals === -1 ? "" : decode(pair.slice(equals + 1), name);
  }
  const [problem] = problems;
  if (problem !== undefined) {
    throw new MarsError("invalid_argument", `${problem.field} ${problem.message}`, { problems });
  }
  return values;
}

/**
 * Decodes one segment of a path.
 *
 * @throws `MarsError("malformed")` for a broken percent-encoding
 */
export function decodeSegment(segment: string, name: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new MarsError("malformed", `${name} has a broken percent-encoding`, { cause });
  }
}

function decode(text: string, name: string): string {
  return decodeSegment(text.replaceAll("+", " "), name);
}
