/**
 * Who opens a socket. A page's script cannot send a header with a handshake: it has the cookie of its session, or a ticket as a
 * subprotocol beside the one that Mars speaks, which is not written to logs as addresses are.
 */
import type { Caller, Peer } from "../../core/caller.ts";
import { callerAs, type Identify, identifyCaller } from "../caller.ts";
import { readQuery } from "../rest/query-string.ts";

/** What Mars answers to a client that offers it, with a ticket or without. */
export const subprotocol = "mars.v1";

const ticketPrefix = "ticket.";

/**
 * Of `/ws`. The Origin has been checked: a ticket opens a socket for pages of Mars' own and of allowed origins only, so that one
 * that another page has got hold of is of no use to it.
 *
 * @throws `MarsError` as `Access.identify` and `Access.identifyTicket` do
 */
export function wsCaller(access: Identify, request: Request, address: Peer): Caller {
  const offered = offeredBy(request).find((name) => name.startsWith(ticketPrefix));
  const ticket = readQuery(request.url, ["ticket"]).ticket ?? offered?.slice(ticketPrefix.length);
  return ticket === undefined
    ? identifyCaller(access, request.headers, address, "websocket", "change")
    : callerAs(access.identifyTicket(ticket), address, "websocket");
}

/** Of `/socket/websocket`: the client of Phoenix sends its `params` in the address. @throws `MarsError` as `Access.identify` does */
export function phoenixCaller(access: Identify, request: Request, address: Peer): Caller {
  const token = new URL(request.url).searchParams.get("token");
  return token === null
    ? identifyCaller(access, request.headers, address, "phoenix", "change")
    : callerAs(access.identifyToken(token), address, "phoenix");
}

/** The subprotocol of the answer; `undefined` where the client has not offered it. */
export function acceptedProtocol(request: Request): string | undefined {
  return offeredBy(request).includes(subprotocol) ? subprotocol : undefined;
}

function offeredBy({ headers }: Request): readonly string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}
