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

/**
 * The same; a parameter in `lists` may be given several times, and its value is an array. Of one in `maps` the members are given, as
 * `NAME.MEMBER`, and its value is an object.
 */
export function readParameters(
  url: string,
  names: readonly string[],
  lists: ReadonlySet<string>,
  maps: ReadonlySet<string> = noLists,
): Record<string, string | string[] | Record<string, string>> {
  const values: Record<string, string | string[] | Record<string, string>> = {};
  const members = new Map<string, Map<string, string>>();
  const problems: FieldProblem[] = [];
  const start = url.indexOf("?");
  if (start === -1) return values;
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const rawName = equals === -1 ? pair : pair.slice(0, equals);
    const given = decode(rawName, "a parameter's name");
    const dot = given.indexOf(".");
    const map = dot < 1 ? undefined : given.slice(0, dot);
    if (map !== undefined && maps.has(map) && names.includes(map)) {
      const of = members.get(map) ?? new Map<string, string>();
      members.set(map, of);
      const member = given.slice(dot + 1);
      if (of.has(member)) problems.push({ field: given, message: "must be given once" });
      of.set(member, equals === -1 ? "" : decode(pair.slice(equals + 1), given));
      continue;
    }
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
      values[name] = [before as string | string[], value].flat();
    } else {
      problems.push({ field: name, message: "must be given once" });
    }
  }
  for (const name of members.keys()) {
    if (values[name] !== undefined) problems.push({ field: name, message: `must be given as ${name}.NAME` });
  }
  throwIfAny(problems);
  // As JSON makes it: a member may have any name.
  for (const [name, of] of members) values[name] = Object.fromEntries(of);
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
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new MarsError("malformed", `${name} has a broken percent-encoding`, { cause });
  }
}

function decode(text: string, name: string): string {
  return decodeSegment(text.replaceAll("+", " "), name);
}
