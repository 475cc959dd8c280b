/**
 * The front of port 4000, before and behind everything that it answers: the gate, and the headers by which browsers decide
 * which pages may read an answer and what they may do with it. Web standards only, so that any runtime's server can stand before it.
 */
import type { Peer } from "../../core/caller.ts";
import { echoRequestId } from "../request-id.ts";
import { badgePrefix } from "../rest/badge.ts";
import { eventPath } from "../rest/events.ts";
import { problemResponse } from "../rest/problem.ts";
import { type RuntimeBindings, rawPath } from "../rest/router.ts";
import type { Acceptance, Sockets } from "../ws/sockets.ts";
import { createCors } from "./cors.ts";
import { type Gate, hostName, isFromPage, isLoopbackHost } from "./gate.ts";
import type { HttpApp } from "./http-app.ts";
import { isolate, strictTransport } from "./security-headers.ts";

export interface FrontOptions {
  readonly app: HttpApp;
  readonly sockets: Sockets;
  readonly gate: Gate;
  /** The origin under which browsers reach Mars; empty for none. By `https:` a proxy before Mars speaks TLS. */
  readonly publicUrl?: string;
}

export interface Front {
  /** Answers a request that is for no socket; `host` by `host` or `:authority`. */
  answer(request: Request, host: string | null, env: RuntimeBindings): Response | Promise<Response>;
  /** Whether a request for a path of a socket becomes one; the response says why not. */
  accept(request: Request, host: string | null, peer: Peer): Acceptance | Response;
  /** Adds the headers of every answer to one that a runtime's server gives by itself. */
  finish(request: Request, response: Response): Response;
}

/** Methods that change nothing; of the GETs that do, see `test-endpoints.ts`. */
const readMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);

export function createFront({ app, sockets, gate, publicUrl = "" }: FrontOptions): Front {
  const cors = createCors(gate);
  const proxyHasTls = publicUrl.startsWith("https:");

  function finish(request: Request, response: Response): Response {
    const { headers } = response;
    isolate(headers);
    echoRequestId(headers, request);
    if (isOverTls(request.url, proxyHasTls)) headers.set("strict-transport-security", strictTransport);
    cors.addTo(headers, request);
    return response;
  }

  return {
    answer(request, host, env) {
      const { method } = request;
      const fromPage = isFromPage(request.headers);
      const refusal = gate.checkHost(host) ?? (fromPage ? checkPage(gate, request) : undefined);
      if (refusal !== undefined) return finish(request, problemResponse(refusal, request));
      // The call that comes most often by far goes past the router, its context and its promises. No browser reads the answer.
      if (method === "POST" && !fromPage && rawPath(request) === eventPath) return app.addEvent(request, env);
      const answer = app.fetch(request, env);
      return answer instanceof Promise
        ? answer.then((response) => finish(request, response))
        : finish(request, answer);
    },

    accept(request, host, peer) {
      const refusal = gate.checkHost(host);
      const accepted =
        refusal === undefined ? sockets.accept(request, peer) : problemResponse(refusal, request);
      return accepted instanceof Response ? finish(request, accepted) : accepted;
    },

    finish,
  };
}

function checkPage(gate: Gate, request: Request) {
  const { method, headers } = request;
  // Preflight requests come from elsewhere by their nature, and their answers say what is allowed.
  if (method === "OPTIONS") return undefined;
  if (!readMethods.has(method)) return gate.checkPage(headers);
  // A badge has nothing that is not for anyone, and is made to be embedded.
  return rawPath(request).startsWith(badgePrefix) ? undefined : gate.checkRead(headers);
}

/** Not for the visitor's own machine: its name would be bound to TLS for every other server there, on any port. */
function isOverTls(url: string, proxyHasTls: boolean): boolean {
  if (!url.startsWith("https:")) return proxyHasTls;
  const name = hostName(new URL(url).host);
  return name !== undefined && !isLoopbackHost(name);
}
