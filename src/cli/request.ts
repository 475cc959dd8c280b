/** From the values of fields to the request over REST. */

import type { Operation } from "../api/operation.ts";
import { restCallOf } from "../api/rest-call.ts";
import { parseForAnswer } from "../core/exact-json.ts";

export interface Request {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
}

/** @param body the text of the body, where it does not come from values */
export function requestOf(
  operation: Operation,
  values: Readonly<Record<string, unknown>>,
  body: string | undefined,
): Request {
  const call = restCallOf(operation);
  const path = call.path.replaceAll(/\{(\w+)\}/g, (_, field) => encodeURIComponent(String(values[field])));
  const query = new URLSearchParams(
    call.inQuery
      .filter((field) => values[field] !== undefined)
      .flatMap((field) => parametersOf(field, values[field])),
  ).toString();
  const given = call.inBody.filter((field) => values[field] !== undefined);
  const written = JSON.stringify(Object.fromEntries(given.map((field) => [field, values[field]])));
  return {
    method: call.method,
    path: query === "" ? path : `${path}?${query}`,
    ...(operation.body !== undefined && { body: body ?? written }),
  };
}

/** Of a list one for each value, of an object one for each member. */
function parametersOf(field: string, value: unknown): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([name, one]) => [`${field}.${name}`, String(one)]);
  }
  return [value].flat().map((one) => [field, String(one)]);
}

/**
 * The body in a file. Answers of Mars are accepted where they hold a body: of `lifecycle get` and `lifecycle learn` the member
 * `lifecycle`; of `alerts rules get` all but the id, which is in the path, and what is null, which is how answers write what is absent.
 */
export function bodyOf(
  operation: Operation,
  values: Readonly<Record<string, unknown>>,
  text: string,
): string {
  const parsed = parsedObject(text);
  if (parsed === undefined) return text;
  const field = operation.body?.field;
  if (field !== undefined) return Object.hasOwn(parsed, field) ? JSON.stringify(parsed[field]) : text;
  const { inPath } = restCallOf(operation);
  const members = Object.entries(parsed).filter(
    ([name, value]) => value !== null && !(inPath.includes(name) && String(value) === values[name]),
  );
  return members.length === Object.keys(parsed).length ? text : JSON.stringify(Object.fromEntries(members));
}

/** The object that a text is as JSON; nothing for another text. */
export function parsedObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseForAnswer(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
