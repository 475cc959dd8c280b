/** The caller of a method: set by the transport, read by the method from its context. */
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
import type { Connection } from "../../http2/connection.ts";
import type { Stream } from "../../http2/stream.ts";
import { callerAs, type Identify } from "../caller.ts";
import { unknownPeer } from "../peer.ts";
import { certificateName } from "./client-certificate.ts";
import { connectionPeer } from "./connection-peer.ts";

/** The rights of a caller of a method that asks for no key. */
const nobody = new Identity({ id: "nobody", name: "nobody", kind: "in", apps: [] });

/** Its caller, or why it is served to none. */
type Identified = Caller | MarsError;

const callerKey = createContextKey<Identified>(callerAs(nobody, unknownPeer, "grpc"), {
  description: "caller",
});

/** The members of its context that a method may use. */
export type CallContext = Pick<HandlerContext, "values" | "signal" | "protocolName" | "requestHeader">;

/** The last caller of each connection: nearly all calls of a connection have the same one. */
const callers = new WeakMap<Connection, Caller>();

/** The caller of a stream over native gRPC. @throws `MarsError` as `Access.identify` does */
export function streamCaller({ connection, headers }: Stream, access: Identify): Caller {
  const authorization = headers.authorization ?? null;
  // What is sent with a call counts for more than what its connection began with.
  const certificate = authorization === null ? certificateName(connection) : undefined;
  // No cookie: a browser has nothing to do here.
  const credentials = { get: (name: string) => (name === "authorization" ? authorization : null) };
  const identity = access.identify(credentials, "change", certificate);
  const known = callers.get(connection);
  if (known?.identity === identity) return known;
  const caller = callerAs(identity, connectionPeer(connection), "grpc");
  callers.set(connection, caller);
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
