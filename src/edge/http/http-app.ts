/**
 * Everything that port 4000 answers, but for WebSockets: REST, Connect and gRPC-Web, server-sent events and the page.
 * Web standards only, so that any runtime can serve it; what needs Bun is in `http-server.ts`.
 */
import { Hono } from "hono";
import { METHODS } from "hono/router";
import { operations } from "../../api/operations.ts";
import { MarsError } from "../../core/error.ts";
import { IngestService } from "../../gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../gen/mars/v1/message_service_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { discardBody } from "../rest/body.ts";
import { addEventRoutes, eventPaths } from "../rest/events.ts";
import { addHealthRoutes } from "../rest/health.ts";
import { addOperationRoutes } from "../rest/operations.ts";
import { problemOf, problemResponse } from "../rest/problem.ts";
import { type HttpContext, type HttpEnv, type Router, rawPath } from "../rest/router.ts";
import { addTestRoutes } from "../rest/test-endpoints.ts";
import { acceptedCodings } from "../rest/unpack.ts";
import { createRpcFetch, type RpcFetch } from "../rpc/rpc-fetch.ts";
import { createSse } from "../sse/sse.ts";

const nosniff = { "x-content-type-options": "nosniff" };

export interface HttpAppOptions {
  /** Origins whose pages may call the RPCs from a browser; see `RpcFetchOptions`. REST has no CORS. */
  readonly allowedOrigins?: readonly string[];
  /** The web page: the paths of its files, and what answers a GET for them. Not part of this file, for it is bundled. */
  readonly page?: PageFiles;
  /** Ends RPC streams when it aborts. */
  readonly stopping?: AbortSignal;
}

export interface PageFiles {
  readonly paths: readonly string[];
  serve(request: Request): Response | undefined;
}

/** The RPCs that answer with a stream, which may be quiet for long. */
const streamPaths: ReadonlySet<string> = new Set(
  [...IngestService.methods, ...MessageService.methods, ...LifecycleService.methods]
    .filter(({ methodKind }) => methodKind !== "unary")
    .map((method) => `/${method.parent.typeName}/${method.name}`),
);

/** The RPCs that may work longer than a connection may be quiet; they end by a deadline of their own. */
const slowPaths: ReadonlySet<string> = new Set(
  operations.filter(({ slow }) => slow).map(({ rpc }) => `/${rpc}`),
);

/** Creates the app. Its `fetch` takes a request and the `RuntimeBindings`; it never rejects. */
export function createHttpApp(parts: EdgeParts, options: HttpAppOptions = {}): Router {
  const { page, ...rpcOptions } = options;
  const router: Router = new Hono<HttpEnv>({ getPath: rawPath });
  addEventRoutes(router, parts);
  addOperationRoutes(router, parts, operations);
  addHealthRoutes(router, parts);
  if (parts.testEndpoints) addTestRoutes(router, parts);
  addStreamRoute(router, parts);
  if (page !== undefined) addPageRoutes(router, page);
  addFallback(router, createRpcFetch(parts, rpcOptions));
  router.onError(async (error, c) => {
    if (eventPaths.has(c.req.path)) {
      parts.refusals.refused(error);
      await parts.intake.pace(error);
    }
    await discardBody(parts.intake, c);
    return problemOf(error, parts.log);
  });
  return router;
}

function addStreamRoute(router: Router, parts: EdgeParts): void {
  const sse = createSse(parts);
  router.get("/api/stream", (c) => {
    const request = c.req.raw;
    const response = sse(request, c.env?.peer?.(request));
    c.env?.keepOpen?.(request);
    return response;
  });
}

function addPageRoutes(router: Router, page: PageFiles): void {
  for (const path of page.paths) {
    router.get(path, (c) => page.serve(c.req.raw) ?? c.notFound());
  }
}

/**
 * What no route of its own has: RPCs, then what there is to say about the rest. All of it is here and none of it in
 * middleware, which every event would pass through.
 */
function addFallback(router: Router, rpc: RpcFetch): void {
  router.notFound((c) => {
    const request = c.req.raw;
    return answerRpc(c, rpc(request, c.env?.peer?.(request))) ?? answerOther(router, c);
  });
}

function answerRpc(c: HttpContext, answer: Promise<Response> | undefined): Promise<Response> | undefined {
  if (slowPaths.has(c.req.path)) c.env?.keepOpen?.(c.req.raw);
  if (answer === undefined || !streamPaths.has(c.req.path)) return answer;
  return answer.then((response) => {
    // Not before there is an answer: a request that stalls is still cut off.
    c.env?.keepOpen?.(c.req.raw);
    return response;
  });
}

function answerOther(router: Router, c: HttpContext): Response {
  const { method, path } = c.req;
  const allow = methodsAt(router, path);
  if (allow.length === 0) {
    return problemResponse(new MarsError("not_found", "there is nothing at this path"));
  }
  const headers = { allow: allow.join(", ") };
  if (method === "OPTIONS") {
    return new Response(null, {
      status: 204,
      headers: { ...headers, ...nosniff, "accept-encoding": acceptedCodings },
    });
  }
  const message = `method must be one of ${headers.allow}, is ${method}`;
  return problemResponse(new MarsError("method_not_allowed", message), { headers });
}

function methodsAt(router: Router, path: string): string[] {
  const methods = METHODS.map((method) => method.toUpperCase());
  const found = methods.filter((method) => router.router.match(method, path)[0].length > 0);
  if (found.length === 0) return found;
  return [...found.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"];
}
