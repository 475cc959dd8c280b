/** Calls of Mars' operations over REST, with the cookie of the session. */

import { signal } from "@preact/signals";
import type { AnswerOf, InputOf, OperationName } from "../../api/operation-types.ts";
import { parseForAnswer } from "../../core/exact-json.ts";
import { restRoutes } from "../../gen/rest-routes.ts";

type Value = string | number | boolean | null | undefined | readonly unknown[] | object;

/** What an operation takes, as the page gives it. An absent value is left out. */
export type Given<Name extends OperationName> = { readonly [Field in keyof InputOf<Name>]?: Value };

/** A call that failed, with a message for the user. */
export class ApiError extends Error {
  readonly status: number;
  readonly problems: readonly Problem[];

  /** @param status 0 where no answer came */
  constructor(status: number, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

export interface Problem {
  readonly field: string;
  readonly message: string;
}

/** Whether the session has ended: nothing is read until the next sign-in. */
export const sessionOver = signal(false);

const answerWithinMs = 15_000;

/** Rejects with `ApiError`; with the signal's reason where that aborts. */
export async function call<Name extends OperationName>(
  name: Name,
  given: Given<Name> = {},
  signal?: AbortSignal,
): Promise<AnswerOf<Name>> {
  const { method, body }: Route = restRoutes[name];
  const rest = fieldsOf(given);
  const path = fillPath(name, rest);
  const sent = takeBody(rest, body);
  return (await send(method, withQuery(path, rest), sent, signal)) as AnswerOf<Name>;
}

/** The address of a read, to copy or to open. */
export function addressOf<Name extends OperationName>(name: Name, given: Given<Name> = {}): string {
  const rest = fieldsOf(given);
  return withQuery(fillPath(name, rest), rest);
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function fieldsOf(given: object): Map<string, unknown> {
  return new Map(Object.entries(given).filter(([, value]) => value !== undefined && value !== ""));
}

/** Takes the fields of the path out of the others. */
function fillPath(name: OperationName, rest: Map<string, unknown>): string {
  return restRoutes[name].path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest.get(field);
    rest.delete(field);
    return encodeURIComponent(String(value));
  });
}

function withQuery(path: string, rest: ReadonlyMap<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [field, value] of rest) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      // A map has a parameter for each of its members.
      for (const [name, one] of Object.entries(value)) query.append(`${field}.${name}`, String(one));
      continue;
    }
    for (const one of Array.isArray(value) ? value : [value]) query.append(field, String(one));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

/** A call that is no operation: of the session, and of ways to sign in. */
export async function send(
  method: string,
  path: string,
  sent?: unknown,
  signal?: AbortSignal,
): Promise<unknown> {
  const limit = AbortSignal.timeout(answerWithinMs);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(sent !== undefined && { "Content-Type": "application/json" }),
      },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw new ApiError(0, "Mars does not answer.");
  }
  const answer = await response
    .text()
    .then(parseForAnswer)
    .catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  const { detail, errors } = (answer ?? {}) as { readonly detail?: unknown; readonly errors?: unknown };
  if (response.status === 401) sessionOver.value = true;
  throw new ApiError(
    response.status,
    typeof detail === "string" ? detail : `Mars answered with status ${response.status}.`,
    Array.isArray(errors) ? (errors as Problem[]) : [],
  );
}

/** Takes the fields of the body out of the others. */
function takeBody(rest: Map<string, unknown>, body: string | undefined): unknown {
  if (body === undefined) return undefined;
  if (body !== "") {
    const value = rest.get(body);
    rest.delete(body);
    return value;
  }
  const members = Object.fromEntries(rest);
  rest.clear();
  return members;
}
