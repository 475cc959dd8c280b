/** Who calls a method: the transport says, and the method asks its context. */
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { Caller, Peer, Protocol } from "../../core/caller.ts";
import { peerOf, unknownPeer } from "../peer.ts";

const peerKey = createContextKey<Peer>(unknownPeer, { description: "peer" });

/** What of its context a method may ask for. */
export type CallContext = Pick<HandlerContext, "values" | "signal" | "protocolName">;

const sessionPeers = new WeakMap<ServerHttp2Session, Peer>();

/** Who is at the other end of a stream's session; found out once for each session. */
export function sessionPeer({ session }: Pick<ServerHttp2Stream, "session">): Peer {
  // A stream that was reset has no session any more.
  if (session === undefined || session === null) return unknownPeer;
  const known = sessionPeers.get(session as ServerHttp2Session);
  if (known !== undefined) return known;
  const { remoteAddress, remotePort } = session.socket;
  const peer = peerOf(remoteAddress, remotePort);
  sessionPeers.set(session as ServerHttp2Session, peer);
  return peer;
}

/** What a transport passes with a request. */
export function valuesOf(peer: Peer): ContextValues {
  return createContextValues().set(peerKey, peer);
}

/** Whom a transport has passed. */
export function peerIn(values: ContextValues): Peer {
  return values.get(peerKey);
}

/** The caller of a method; gone when its deadline has passed, too. */
export function callerOf({ values, signal, protocolName }: CallContext): Caller {
  return { peer: peerIn(values), protocol: protocolName as Protocol, signal };
}
