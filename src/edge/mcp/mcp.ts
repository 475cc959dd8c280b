/**
 * `POST /mcp`: the Model Context Protocol over streamable HTTP, for agents. Its tools are operations, with the rights of the caller's
 * key. Without sessions: there is no stream for a GET, and nothing for a DELETE to end.
 */
import type { Operation } from "../../api/operation.ts";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { smallBodyBytesMax } from "../../core/limits.ts";
import type { Log } from "../../core/ports.ts";
import type { Ask } from "../../mcp/tool.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { answerJson } from "../rest/answer.ts";
import { readJson } from "../rest/body.ts";
import { bodyFormat } from "../rest/media-type.ts";
import { restAnswerOf } from "../rest/operations.ts";
import { assertNoQuery } from "../rest/query-string.ts";
import { callerOf, type HttpContext, type Router } from "../rest/router.ts";

export const mcpPath = "/mcp";

/** JSON-RPC's numbers from -32000 to -32099 are the server's own. */
const refusedCode = -32_000;

/** @param publicUrl where the links of answers lead; empty: to the host of the request */
export function addMcpRoute(router: Router, parts: EdgeParts, publicUrl: string): void {
  router.post(mcpPath, async (c) => {
    const caller = callerOf(c, parts.access);
    caller.identity.assertMay("read");
    return parts.requests.during(caller, () => serve(c, caller, parts, publicUrl));
  });
}

async function serve(c: HttpContext, caller: Caller, parts: EdgeParts, publicUrl: string): Promise<Response> {
  const request = c.req.raw;
  assertNoQuery(c.req.url);
  bodyFormat(request.headers.get("content-type"), ["json"]);
  const message = await readJson(parts.intake, c, smallBodyBytesMax);
  // One call may cost as much as a few reads: a list of them could not be bounded by the requests under way.
  if (Array.isArray(message))
    throw new MarsError("malformed", "body must be one JSON-RPC message, is a list");
  const [{ answerMcp }, { linksAt }] = await Promise.all([
    import("../../mcp/http.ts"),
    import("../../mcp/links.ts"),
  ]);
  const answer = await answerMcp(request, message, {
    version: parts.version,
    links: linksAt(publicUrl === "" ? new URL(request.url).origin : publicUrl),
    askFor: (signal) => askIn(parts, { ...caller, signal: AbortSignal.any([request.signal, signal]) }),
    reasonOf: (thrown) => reasonOf(thrown, parts.log, request),
  });
  const text = await answer.text();
  // A notification has no answer.
  return text === "" ? new Response(null, { status: answer.status }) : answerJson(c, text, answer.status);
}

function askIn(parts: EdgeParts, caller: Caller): Ask {
  const ask = async (operation: Operation, input: unknown) =>
    restAnswerOf(operation, await operation.run(parts, input, caller));
  return ask as Ask;
}

function reasonOf(thrown: unknown, log: Log, request: Request): string {
  const error = MarsError.from(thrown);
  if (error.ours)
    log.error("request failed", { event: "request_failed", request_id: requestIdOf(request), error });
  return error.message;
}

/** A refusal in MCP's own terms, with the status and the headers that it has over REST. */
export async function mcpRefusal(problem: Response): Promise<Response> {
  const data = (await problem.json()) as { readonly detail: string };
  const headers = new Headers(problem.headers);
  headers.set("content-type", "application/json");
  const error = { code: refusedCode, message: data.detail, data };
  return new Response(`${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n`, {
    status: problem.status,
    headers,
  });
}
