/**
 * Everything that port 4000 answers, but for WebSockets: REST, Connect and gRPC-Web, server-sent events and the page.
 * Web standards only, so that any runtime can serve it; what needs Bun is in `http-server.ts`.
 */
import { Hono } from "hono";
import { routePath } from "hono/route";
import { METHODS } from "hono/router";
import { operations } from "../../api/operations.ts";
import { restCallOf } from "../../api/rest-call.ts";
import { MarsError } from "../../core/error.ts";
import { once } from "../../core/once.ts";
import { rpcMethods } from "../../gen/rpc-methods.ts";
import { statusClass } from "../call-counts.ts";
import type { DoorName } from "../doors.ts";
import { addCloudEventsRoute, cloudEventsPath } from "../formats/cloudevents.ts";
import { addSegmentRoute, segmentPath } from "../formats/segment.ts";
import { addMcpRoute, mcpPath, mcpRefusal } from "../mcp/mcp.ts";
import { addOtlpRoutes, otlpPaths, otlpRefusal } from "../otlp/routes.ts";
import type { EdgeParts } from "../parts.ts";
import { echoRequestId, requestIdOf } from "../request-id.ts";
import { beginSpan, endSpan } from "../request-spans.ts";
import { addBackupRoute } from "../rest/backup.ts";
import { addBadgeRoute } from "../rest/badge.ts";
import { discardBody } from "../rest/body.ts";
import { addEventRoutes, createEventHandler, eventPath, eventPaths } from "../rest/events.ts";
import { addHealthRoutes } from "../rest/health.ts";
import { addLoginRoutes } from "../rest/login.ts";
import { addMetricsRoute } from "../rest/metrics.ts";
import { addOpenApiRoute } from "../rest/openapi.ts";
import { addOperationRoutes, routeOf } from "../rest/operations.ts";
import { problemOf, problemResponse } from "../rest/problem.ts";
import {
  callerOf,
  type Exchange,
  type HttpContext,
  type HttpEnv,
  type Router,
  type RuntimeBindings,
  rawPath,
  senderOf,
} from "../rest/router.ts";
import { addSessionRoutes } from "../rest/sessions.ts";
import { addSourceImportRoute } from "../rest/source-import.ts";
import { addSourceRoute, takesDeliveries } from "../rest/sources.ts";
import { addTestRoutes } from "../rest/test-endpoints.ts";
import { acceptedCodings } from "../rest/unpack.ts";
import type { RpcFetchOptions } from "../rpc/rpc-fetch.ts";
import { createSse } from "../sse/sse.ts";
import { RouteTree } from "./route-tree.ts";

export interface HttpAppOptions {
  /** The web page: the paths of its files, and what answers a GET for them. Not part of this file, for it is bundled. */
  readonly page?: PageFiles;
  /** The documentation, likewise; its paths are patterns. */
  readonly site?: PageFiles;
  /** The origin under which browsers reach Mars; empty for none. */
  readonly publicUrl?: string;
  /** Where a trace is shown; empty where that is not known. */
  readonly traceUrl?: string;
  /** Ends RPC streams when it aborts. */
  readonly stopping?: AbortSignal;
}

export interface PageFiles {
  readonly paths: readonly string[];
  /** @param mayRead whether the request has the rights of a reader */
  serve(request: Request, mayRead: () => boolean): Response | undefined | Promise<Response | undefined>;
}

export interface HttpApp {
  /** Every route. Its `fetch` takes a request and the `RuntimeBindings`; it never rejects. */
  readonly router: Router;
  /** Answers a request by its route, and counts it. */
  fetch(request: Request, env: RuntimeBindings): Response | Promise<Response>;
  /** The route of `POST /api/event` by itself, counted too; it never rejects. */
  addEvent(request: Request, env: RuntimeBindings): Promise<Response>;
}

/** Creates the app. `front.ts` adds to its answers the headers that all of them have. */
export function createHttpApp(parts: EdgeParts, options: HttpAppOptions = {}): HttpApp {
  const { page, site, publicUrl = "", traceUrl = "", ...rpcOptions } = options;
  const router: Router = new Hono<HttpEnv>({ getPath: rawPath, router: new RouteTree() });
  addEventRoutes(router, parts);
  addOtlpRoutes(router, parts);
  addCloudEventsRoute(router, parts);
  addSegmentRoute(router, parts);
  addSessionRoutes(router, parts, { traceUrl, publicUrl });
  addLoginRoutes(router, parts);
  addOperationRoutes(router, parts, operations);
  addSourceRoute(router, parts, publicUrl);
  addSourceImportRoute(router, parts);
  addHealthRoutes(router, parts);
  addOpenApiRoute(router, parts);
  addBadgeRoute(router, parts);
  addMetricsRoute(router, parts);
  addBackupRoute(router, parts);
  addTestRoutes(router, parts);
  addStreamRoute(router, parts);
  addMcpRoute(router, parts, publicUrl);
  for (const files of [page, site]) if (files !== undefined) addPageRoutes(router, files, parts);
  addRpcRoutes(router, parts, rpcOptions);
  router.notFound((c) => answerOther(router, c));
  router.onError((error, c) => refuse(error, c, parts, actionOf(c)));
  const addEvent = createEventHandler(parts);
  const callOf = createCallOf(router, page?.paths ?? []);
  const collected = parts.calls.http(collectEvent);
  return {
    router,
    fetch(request, env) {
      const began = performance.now();
      const span = beginSpan(parts.spans, request);
      const call = callOf(request);
      const ended = (response: Response) => {
        parts.calls.http(call).ended(statusClass(response.status), performance.now() - began);
        endSpan(span, call, response.status);
        return response;
      };
      const answer = router.fetch(request, env);
      return answer instanceof Promise ? answer.then(ended) : ended(answer);
    },
    addEvent(request, env) {
      const c: Exchange = { req: { raw: request }, env };
      const began = performance.now();
      const span = beginSpan(parts.spans, request);
      const ended = (response: Response) => {
        collected.ended(statusClass(response.status), performance.now() - began);
        endSpan(span, collectEvent, response.status);
        echoRequestId(response.headers, request);
        return response;
      };
      return addEvent(c).then(ended, async (error: unknown) =>
        ended(await refuse(error, c, parts, collectEvent)),
      );
    },
  };
}

/**
 * Names the method and the route of a request, from a bounded set. By asking the router once more, since middleware that knows would cost
 * every call a turn of its own.
 */
function createCallOf(router: Router, pagePaths: readonly string[]): (request: Request) => string {
  const files = new Set(pagePaths);
  return (request) => {
    const { method } = request;
    const [matched] = router.router.match(method, rawPath(request));
    const route = matched.at(-1)?.[0][1].path;
    if (route === undefined) return "other none";
    return `${method} ${files.has(route) ? "page" : route}`;
  };
}

const collectEvent = `POST ${eventPath}`;

const operationNames: ReadonlyMap<string, string> = new Map(
  operations.map((operation) => {
    const { method, path } = restCallOf(operation);
    return [`${method} ${routeOf(path)}`, operation.name];
  }),
);

/** The operation, or the method and the route of what is none. */
function actionOf(c: HttpContext): string {
  const route = `${c.req.method} ${routePath(c)}`;
  return operationNames.get(route) ?? route;
}

async function refuse(error: unknown, c: Exchange, parts: EdgeParts, action: string): Promise<Response> {
  const { doors, intake, log, denials } = parts;
  const request = c.req.raw;
  denials.note(error, () => ({
    action,
    ...senderOf(c, parts.access),
    requestId: requestIdOf(request),
  }));
  const path = rawPath(request);
  const door = doorOf(path);
  if (door !== undefined) {
    doors.refused(door, error, requestIdOf(request));
    await intake.pace(error);
  }
  await discardBody(intake, c);
  const problem = problemOf(error, log, request);
  if (problem.body === null) return problem;
  if (door === "otlp") return otlpRefusal(problem, error, request);
  return path === mcpPath ? mcpRefusal(problem) : problem;
}

/** Of the paths that accept events. Grace counts their refusals: the client may send these events again. */
function doorOf(path: string): DoorName | undefined {
  if (eventPaths.has(path)) return "rest";
  if (path === cloudEventsPath) return "cloudevents";
  if (path === segmentPath) return "segment";
  if (takesDeliveries(path)) return "source";
  return otlpPaths.has(path) ? "otlp" : undefined;
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

function addPageRoutes(router: Router, files: PageFiles, { access }: Pick<EdgeParts, "access">): void {
  for (const path of files.paths) {
    router.get(
      path,
      async (c) => (await files.serve(c.req.raw, () => mayRead(c, access))) ?? refuseMissing(),
    );
  }
}

/** The page itself is for everyone who asks: here nobody is refused. */
function mayRead(c: HttpContext, access: EdgeParts["access"]): boolean {
  try {
    return callerOf(c, access).identity.may("read");
  } catch (error) {
    if (error instanceof MarsError) return false;
    throw error;
  }
}

/** A path below one that is served. */
function refuseMissing(): never {
  throw new MarsError("not_found", "there is nothing at this path");
}

function addRpcRoutes(router: Router, parts: EdgeParts, options: RpcFetchOptions): void {
  // Loaded at the first call: the descriptors of all messages take as long as the rest of a start.
  const answer = once(() =>
    import("../rpc/rpc-fetch.ts").then(({ createRpcAnswer }) => createRpcAnswer(parts, options)),
  );
  for (const { path, safe, streams, slow } of rpcMethods) {
    router.on(safe ? ["POST", "GET"] : ["POST"], path, async (c) => {
      const request = c.req.raw;
      if (slow) c.env?.keepOpen?.(request);
      // Before anything is awaited: who has gone has no address.
      const peer = c.env?.peer?.(request);
      const response = await (await answer())(path, request, peer);
      // Not before there is an answer: a request that stalls is still cut off.
      if (streams) c.env?.keepOpen?.(request);
      return response;
    });
  }
}

/** The error for a request without a route. Not in middleware, which every event would pass through. */
function answerOther(router: Router, c: HttpContext): Response {
  const { method, path } = c.req;
  const allow = methodsAt(router, path);
  if (allow.length === 0) {
    return problemResponse(new MarsError("not_found", "there is nothing at this path"), c.req.raw);
  }
  const headers = { allow: allow.join(", ") };
  if (method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { ...headers, "accept-encoding": acceptedCodings } });
  }
  const message = `method must be one of ${headers.allow}, is ${method}`;
  return problemResponse(new MarsError("method_not_allowed", message), c.req.raw, { headers });
}

function methodsAt(router: Router, path: string): string[] {
  const methods = METHODS.map((method) => method.toUpperCase());
  const found = methods.filter((method) => router.router.match(method, path)[0].length > 0);
  if (found.length === 0) return found;
  return [...found.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"];
}
