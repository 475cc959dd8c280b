/** An operation's call over REST: its method, its path, and the place of each field of its input. */
import type { Operation } from "./operation.ts";
import { shapeOf } from "./schema.ts";

export interface RestCall {
  readonly method: string;
  /** With `{field}` for each field that is in it. */
  readonly path: string;
  /** In the order of the path. */
  readonly inPath: readonly string[];
  /** The fields that are members of the body; or the one that is the body, see `OperationBody.field`. */
  readonly inBody: readonly string[];
  readonly inQuery: readonly string[];
}

/** Whether a call changes nothing. The answer to one that does begins with `"success":true`. */
export function isRead({ rest, scope }: Pick<Operation, "rest" | "scope">): boolean {
  return rest.startsWith("GET") || (scope === "read" && !rest.startsWith("DELETE"));
}

export function restCallOf({ rest, body, input }: Pick<Operation, "rest" | "body" | "input">): RestCall {
  const [method = "", path = ""] = rest.split(" ");
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
  const others = Object.keys(shapeOf(input)).filter((field) => !inPath.includes(field));
  if (body === undefined) return { method, path, inPath, inBody: [], inQuery: others };
  const isBody = (field: string) => body.field === undefined || field === body.field;
  return {
    method,
    path,
    inPath,
    inBody: others.filter(isBody),
    inQuery: others.filter((field) => !isBody(field)),
  };
}
