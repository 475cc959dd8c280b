/** Query strings, parsed strictly: an unknown or repeated parameter is an error. */
import { throwIfAny, unknownField } from "../../api/problems.ts";
import { type FieldProblem, MarsError } from "../../core/error.ts";
import { problemsMax } from "../../core/limits.ts";

/**
 * The values of the parameters in `names`. Others are refused: without that, a misspelt filter would list everything.
 *
 * @throws `MarsError` `malformed` for a broken percent-encoding, `invalid_argument` for a parameter that is there
 *   more than once or is not known, with the nearest name that is
 */
export function readQuery<Name extends string>(
  url: string,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  return readParameters(url, names, noLists) as Partial<Record<Name, string>>;
}

const noLists: ReadonlySet<string> = new Set();

/** The same; a parameter in `lists` may be given several times, and its value is an array. */
export function readParameters(
  url: string,
  names: readonly string[],
  lists: ReadonlySet<string>,
): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
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
      if (problems.length < problemsMax) problems.push(unknownField(given, names));
      continue;
    }
    const value = equals === -1 ? "" : decode(pair.slice(equals + 1), name);
    const before = values[name];
    if (before === undefined) {
      values[name] = value;
    } else if (lists.has(name)) {
      values[name] = [before, value].flat();
    } else {
      problems.push({ field: name, message: "must be given once" });
    }
  }
  throwIfAny(problems);
  return values;
}

/** For a call that takes no parameters. @throws `MarsError` as `readQuery` does */
export function assertNoQuery(url: string): void {
  if (url.includes("?")) readQuery(url, []);
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
