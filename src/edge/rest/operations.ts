/** Serves operations over REST: their input comes from path, query and body, and the answer is JSON. */
import type { Operation } from "../../api/operation.ts";
import { throwIfAny } from "../../api/problems.ts";
import { isRead, restCallOf } from "../../api/rest-call.ts";
import { listNames, mapNames } from "../../api/schema.ts";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { smallBodyBytesMax } from "../../core/limits.ts";
import { once } from "../../core/once.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readAnyJson, readJson } from "./body.ts";
import { answerLines, wantsLines } from "./lines.ts";
import { assertNoOtherFormat, bodyFormat } from "./media-type.ts";
import { decodeSegment, readParameters } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";

/** Adds a route for each of the operations. */
export function addOperationRoutes(router: Router, parts: EdgeParts, operations: readonly Operation[]): void {
  for (const operation of operations) {
    const { method, path } = restCallOf(operation);
    const serve = createServe(operation, parts);
    router.on(method, routeOf(path), async (c) => {
      // Before anything is awaited: who has gone has no address.
      const caller = callerOf(c, parts.access);
      // Before its body is read.
      caller.identity.assertMay(operation.scope);
      if (operation.slow) c.env?.keepOpen?.(c.req.raw);
      return parts.requests.during(caller, () => serve(c, caller));
    });
  }
}

/** `/api/apps/{app_id}` → `/api/apps/:app_id` */
export function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** Reads the input of an operation, carries it out and answers. */
function createServe(
  operation: Operation,
  parts: EdgeParts,
): (c: HttpContext, caller: Caller) => Promise<Response> {
  const read = inputReader(operation, parts);
  return async (c, caller) => {
    const input = await read(c);
    try {
      if (wantsLines(operation, c.req.raw))
        return await answerLines(operation, parts, input, caller, c.req.raw);
      const json =
        operation.restAnswer === undefined && isRead(operation)
          ? await operation.runText(parts, input, caller)
          : JSON.stringify(restAnswerOf(operation, await operation.run(parts, input, caller)));
      return await answerJson(c, json);
    } catch (thrown) {
      throw operation.body?.field === undefined ? thrown : inBody(thrown, operation.body.field);
    }
  };
}

/** Reads the input of one operation; what it costs is bounded by then, and nothing of it is checked. */
function inputReader(
  operation: Operation,
  { intake }: Pick<EdgeParts, "intake">,
): (c: HttpContext) => Promise<Record<string, unknown>> {
  const { input, body } = operation;
  const { method, path, inQuery } = restCallOf(operation);
  const segments = path
    .split("/")
    .flatMap((segment, at) => (segment.startsWith("{") ? [{ at, name: segment.slice(1, -1) }] : []));
  const names = once(() => [listNames(input), mapNames(input)] as const);
  const changes = method !== "GET";

  return async (c) => {
    const fields: Record<string, unknown> = readParameters(c.req.url, inQuery, ...names());
    // Not by Hono's parameters: they let a broken percent-encoding pass.
    const steps = c.req.path.split("/");
    for (const { at, name } of segments) fields[name] = decodeSegment(steps[at] ?? "", name);
    const type = c.req.raw.headers.get("content-type");
    if (body === undefined) {
      if (!changes) return fields;
      assertNoOtherFormat(type);
      // A field that is sent in a body, and is one of the query, must not be passed over.
      const given = await readAnyJson(intake, c, smallBodyBytesMax);
      if (given === undefined) return fields;
      bodyFormat(type, ["json"]);
      return besidePath(given, fields);
    }
    bodyFormat(type, ["json"]);
    const given = await readJson(intake, c, body.bytesMax);
    return body.field === undefined ? besidePath(given, fields) : { ...fields, [body.field]: given };
  };
}

/** The members of a body, and what the address says. */
function besidePath(body: unknown, path: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throwIfAny([{ field: "", message: "must be a JSON object" }]);
  }
  const given = body as Record<string, unknown>;
  const twice = Object.keys(path).filter((name) => Object.hasOwn(given, name));
  throwIfAny(twice.map((field) => ({ field, message: "is in the address, and must not be in the body" })));
  return { ...given, ...path };
}

/** The answer over REST, from the output. */
export function restAnswerOf({ restAnswer, rest, scope }: Operation, output: unknown): unknown {
  const members = output as Readonly<Record<string, unknown>>;
  const answer = restAnswer === undefined ? members : members[restAnswer];
  return isRead({ rest, scope }) ? answer : { success: true, ...(answer as object) };
}

/** Names what is at fault in a body by its place there. */
function inBody(thrown: unknown, field: string): unknown {
  if (!(thrown instanceof MarsError) || thrown.code !== "invalid_argument") return thrown;
  const problems = thrown.problems.map((problem) => {
    const inside = problem.field === field || problem.field.startsWith(`${field}.`);
    return inside ? { ...problem, field: problem.field.slice(field.length + 1) } : problem;
  });
  try {
    throwIfAny(problems);
  } catch (renamed) {
    return renamed;
  }
  return thrown;
}
