/** The Hono app's type, and its bindings to the runtime. */
import type { Context, Hono } from "hono";
import type { Use } from "../../access/access.ts";
import type { Caller, Peer } from "../../core/caller.ts";
import type { Identity } from "../../core/identity.ts";
import type { SendBudget } from "../../runtime/send-budget.ts";
import { type Identify, identifyCaller, peerOfKey } from "../caller.ts";
import type { DeniedCall } from "../denials.ts";
import type { EventSender } from "../event-limits.ts";
import { unknownPeer } from "../peer.ts";

/** Functions of the runtime that web standards do not have. A runtime that lacks one leaves it out. */
export interface RuntimeBindings {
  /** Whether this GET stands for a HEAD: the answer's body goes nowhere. */
  readonly head?: true;
  /** Exempts a request's connection from the idle timeout, for answers that may be quiet for long. */
  keepOpen?(request: Request): void;
  /** The budget of the bytes that wait to be sent. */
  readonly budget?: SendBudget;
  /** The peer of the request. Only to be called before anything is awaited: a client that has gone has no address. */
  peer?(request: Request): Peer;
}

// A type and not an interface, as Hono's constraint wants an index signature.
export type HttpEnv = { Bindings: RuntimeBindings };

export type Router = Hono<HttpEnv>;
export type HttpContext = Context<HttpEnv>;

/** The members of a context that are used by calls that bypass the router, too. */
export interface Exchange {
  readonly req: { readonly raw: Request };
  readonly env: RuntimeBindings | undefined;
}

const callers = new WeakMap<Request, Caller>();

/**
 * The caller of a request: made at the first call, before anything is awaited, and the same from then on.
 *
 * @param use by default that of its method
 * @throws `MarsError` as `Access.identify` does
 */
export function callerOf(c: Exchange, access: Identify, use = useOf(c.req.raw)): Caller {
  const request = c.req.raw;
  const known = callers.get(request);
  if (known !== undefined) return known;
  const caller = {
    ...identifyCaller(access, request.headers, addressOf(c), "rest", use),
    signal: request.signal,
  };
  callers.set(request, caller);
  return caller;
}

function useOf({ method }: Request): Use {
  return method === "GET" || method === "HEAD" ? "read" : "change";
}

/** The peer of a request: its caller's once that is known, and else its address. */
export function peerOf(c: Exchange): Peer {
  return callers.get(c.req.raw)?.peer ?? addressOf(c);
}

/** The caller of a request, whose address is only found out where it is needed. */
export class RequestSender implements EventSender {
  readonly identity: Identity;
  readonly #exchange: Exchange;
  #peer: Peer | undefined;

  constructor(identity: Identity, exchange: Exchange) {
    this.identity = identity;
    this.#exchange = exchange;
  }

  get peer(): Peer {
    this.#peer ??= this.identity.anonymous ? addressOf(this.#exchange) : peerOfKey(this.identity);
    return this.#peer;
  }
}

/** Of a request that was refused: its caller, as far as that is known. */
export function senderOf(c: Exchange, access: Identify): Omit<DeniedCall, "action" | "requestId"> {
  const request = c.req.raw;
  const caller = callers.get(request);
  const address = caller?.address ?? addressOf(c).name;
  return { address, protocol: "rest", identity: caller?.identity ?? identityOf(request, access) };
}

function identityOf(request: Request, access: Identify): Identity | undefined {
  try {
    return access.identify(request.headers, useOf(request));
  } catch {
    // That is what it was refused for.
    return undefined;
  }
}

/** The address of a request, of any caller. */
export function addressOf({ req: { raw: request }, env }: Exchange): Peer {
  return env?.peer?.(request) ?? unknownPeer;
}

/**
 * The path as it was sent, percent-encoding and all: ids in it may contain any character, an encoded slash too, so
 * segments are decoded one by one, after the path is split.
 */
export function rawPath({ url }: Request): string {
  // Nearly all requests have the same URL, of which the path is cut out once.
  if (url === lastUrl) return lastPath;
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  lastPath = end === -1 ? url.slice(start) : url.slice(start, end);
  lastUrl = url;
  return lastPath;
}

let [lastUrl, lastPath] = ["", ""];
