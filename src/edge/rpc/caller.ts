/** The caller of a method: set by the transport, read by the method from its context. */
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { Caller, Peer, Protocol } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { Identity } from "../../core/identity.ts";
import { traceparentHeader, traceparents } from "../../core/traceparent.ts";
import { callerAs, type Identify } from "../caller.ts";
import { peerOf, unknownPeer } from "../peer.ts";
import { certificateName } from "./client-certificate.ts";

/** The rights of a caller of a method that asks for no key. */
const nobody = new Identity({ id: "nobody", name: "nobody", kind: "in", apps: [] });

/** Its caller, or why it is served to none. */
type Identified = Caller | MarsError;

const callerKey = createContextKey<Identified>(callerAs(nobody, unknownPeer, "grpc"), {
  description: "caller",
});

/** The members of its context that a method may use. */
export type CallContext = Pick<HandlerContext, "values" | "signal" | "protocolName" | "requestHeader">;

const sessionPeers = new WeakMap<ServerHttp2Session, Peer>();
/** The last caller of each session: nearly all calls of a session have the same one. */
const sessionCallers = new WeakMap<ServerHttp2Session, Caller>();

/** The address of a stream's session; determined once for each session. */
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

/** The caller of a stream over native gRPC. @throws `MarsError` as `Access.identify` does */
export function streamCaller(
  stream: Pick<ServerHttp2Stream, "session">,
  headers: IncomingHttpHeaders,
  access: Identify,
): Caller {
  // What is sent with a call counts for more than what its connection began with.
  const certificate = headers.authorization === undefined ? certificateName(stream) : undefined;
  // No cookie: a browser has nothing to do here.
  const authorization = textOf(headers.authorization) ?? null;
  const credentials = { get: (name: string) => (name === "authorization" ? authorization : null) };
  const identity = access.identify(credentials, "change", certificate);
  const session = stream.session as ServerHttp2Session | null | undefined;
  const known = session ? sessionCallers.get(session) : undefined;
  if (known?.identity === identity) return known;
  const caller = callerAs(identity, sessionPeer(stream), "grpc");
  if (session) sessionCallers.set(session, caller);
  return caller;
}

/** The caller of a method that asks for no key. */
export function callerWithoutKey(address: Peer): Caller {
  return callerAs(nobody, address, "grpc");
}

/** The context values that a transport passes with a request. */
export function valuesOf(caller: Identified): ContextValues {
  return createContextValues().set(callerKey, caller);
}

/** What a transport has passed. */
export function identifiedIn(values: ContextValues): Identified {
  return values.get(callerKey);
}

/** The peer of the caller that a transport has passed. */
export function peerIn(values: ContextValues): Peer {
  const caller = values.get(callerKey);
  return caller instanceof MarsError ? unknownPeer : caller.peer;
}

/** The caller of a method; its signal aborts at its deadline, too. */
export function callerOf({ values, signal, protocolName, requestHeader }: CallContext): Caller {
  const caller = values.get(callerKey);
  if (caller instanceof MarsError) throw caller;
  const traceparent = traceparents.read(requestHeader.get(traceparentHeader));
  return { ...caller, protocol: protocolName as Protocol, signal, traceparent };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
