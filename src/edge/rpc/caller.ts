/** The caller of a method: set by the transport, read by the method from its context. */
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

/** The members of its context that a method may use. */
export type CallContext = Pick<HandlerContext, "values" | "signal" | "protocolName">;

const sessionPeers = new WeakMap<ServerHttp2Session, Peer>();

/** The peer of a stream's session; determined once for each session. */
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

/** The context values that a transport passes with a request. */
export function valuesOf(peer: Peer): ContextValues {
  return createContextValues().set(peerKey, peer);
}

/** The peer that a transport has passed. */
export function peerIn(values: ContextValues): Peer {
  return values.get(peerKey);
}

/** The caller of a method; its signal aborts at its deadline, too. */
export function callerOf({ values, signal, protocolName }: CallContext): Caller {
  return { peer: peerIn(values), protocol: protocolName as Protocol, signal };
}
