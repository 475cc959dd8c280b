/** Query strings, read strictly: what cannot be meant is an error rather than a guess. */
import { type FieldProblem, MarsError } from "../../core/error.ts";
import { problemsMax } from "../../core/limits.ts";
import { nearest } from "../../core/nearest.ts";
import { throwIfAny } from "../check.ts";

/** Of an unknown name, in an answer; far more than any known one has. */
const shownCharsMax = 64;

/**
 * The values of the parameters in `names`. Others are refused: the answer to a misspelt filter would look right, and be everything.
 *
 * @throws `MarsError` `malformed` for a broken percent-encoding, `invalid_argument` for a parameter that is there
 *   more than once or is not known, with the nearest name that is
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
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const rawName = equals === -1 ? pair : pair.slice(0, equals);
    const given = decode(rawName, "a parameter's name");
    const name = names.find((known) => known === given);
    if (name === undefined) {
      if (problems.length < problemsMax) problems.push(unknownParameter(given, names));
      continue;
    }
    if (values[name] !== undefined) problems.push({ field: name, message: "must be given once" });
    values[name] = equals === -1 ? "" : decode(pair.slice(equals + 1), name);
  }
  throwIfAny(problems);
  return values;
}

/** For a call that takes no parameters. @throws `MarsError` as `readQuery` does */
export function assertNoQuery(url: string): void {
  if (url.includes("?")) readQuery(url, []);
}

function unknownParameter(given: string, names: readonly string[]): FieldProblem {
  const field = given.slice(0, shownCharsMax).toWellFormed();
  if (names.length === 0) return { field, message: "is not known: this call takes no parameters" };
  const meant = nearest(field, names);
  return { field, message: `is not known${meant === "" ? `: known are ${names.join(", ")}` : meant}` };
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
