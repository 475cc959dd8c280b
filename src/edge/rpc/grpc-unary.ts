/**
 * The lean path for unary calls over native gRPC: reads one message off the HTTP/2 stream and writes one back, without the
 * iterables and header objects of Connect's universal handler, which cost several times what the call itself does.
 * Methods, errors, limits and compression are the same. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { contentTypeProto, parseTimeout } from "@connectrpc/connect/protocol-grpc";
import type { Caller } from "../../core/caller.ts";
import type { Log } from "../../core/ports.ts";
import type { OpenSpan, Spans } from "../../core/spans.ts";
import { traceparentHeader, traceparents } from "../../core/traceparent.ts";
import { encodeFields } from "../../http2/hpack-encoder.ts";
import type { Stream } from "../../http2/stream.ts";
import type { Calls } from "../call-counts.ts";
import type { Denials } from "../denials.ts";
import type { DoorName, Doors } from "../doors.ts";
import type { EventLimits } from "../event-limits.ts";
import { free } from "../free.ts";
import type { Intake } from "../intake.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import { rpcError, undecodableError } from "./error.ts";
import { readBody } from "./grpc-body.ts";
import { respondError } from "./grpc-status.ts";
import { compressBytesMin, gzipCompression } from "./gzip.ts";
import { chunkBytesMax } from "./large-batch.ts";
import { flagsProblem, frameHeadBytes, timeoutMsMax } from "./request-guard.ts";
import { beginRpcSpan, endRpcSpan } from "./rpc-spans.ts";

/** A method by its message types. */
export interface UnaryMethod<I extends DescMessage, O extends DescMessage> {
  readonly input: I;
  readonly output: O;
  readonly bytesMax: number;
  readonly name: string;
  readonly parent: { readonly typeName: string };
  call(request: MessageShape<I>, caller: Caller): Promise<MessageInitShape<O>>;
  /** By which its events are counted; by default the protocol. */
  readonly door?: DoorName;
  /** Of a method whose messages may be too large to be decoded at once. */
  readonly inPieces?: {
    /** Smaller messages are decoded at once. */
    readonly bytesMin: number;
    /** Decodes a message, into its call. */
    decode(message: Uint8Array, caller: Caller): Promise<() => Promise<MessageInitShape<O>>>;
  };
}

/** Serves one call. Never rejects, so that it need not be awaited. */
export type UnaryHandler = (stream: Stream, caller: Caller) => Promise<void>;

export interface UnaryOptions {
  readonly doors: Doors;
  readonly calls: Calls;
  readonly log: Log;
  readonly intake: Intake;
  readonly eventLimits: EventLimits;
  readonly denials: Denials;
  readonly spans?: Spans | undefined;
}

export function createUnaryHandler<I extends DescMessage, O extends DescMessage>(
  { input, output, bytesMax, name, parent, call, door = "grpc", inPieces }: UnaryMethod<I, O>,
  { log, intake, eventLimits, denials, doors, calls, spans }: UnaryOptions,
): UnaryHandler {
  const fullName = `${parent.typeName}/${name}`;
  return async (stream, connected) => {
    const { headers } = stream;
    const began = performance.now();
    const span = beginRpcSpan(spans, fullName, headers);
    const caller = tracedCaller(connected, headers[traceparentHeader], span);
    try {
      caller.identity.assertMay("ingest");
      eventLimits.assertRoom(caller);
      const timeoutMs = timeoutOf(headers["grpc-timeout"]);
      const answer = exchange(stream, headers["grpc-encoding"], caller);
      const bytes = await (timeoutMs === undefined ? answer : inTime(answer, timeoutMs));
      calls.ended("ok", performance.now() - began);
      endRpcSpan(span, fullName, 0);
      await respondMessage(stream, bytes, headers["grpc-accept-encoding"]);
    } catch (error) {
      const requestId = requestIdFrom(headers[requestIdHeader]);
      denials.note(error, () => ({ ...caller, action: fullName, requestId }));
      doors.refused(door, error, requestId);
      await intake.pace(error);
      const answer = rpcError(error, log, requestId);
      calls.ended(codeToString(answer.code), performance.now() - began);
      endRpcSpan(span, fullName, answer.code);
      respondError(stream, answer);
    }
  };

  async function exchange(stream: Stream, encoding: string | undefined, caller: Caller): Promise<Uint8Array> {
    const { frame, lease } = await readBody(stream, { intake, bytesMax, peer: caller.peer });
    // A request may take its time, and the key may be revoked before it is there.
    const { ended } = caller.identity;
    if (ended !== undefined) {
      lease?.release();
      throw ended;
    }
    if (lease === undefined && frame[0] === 0 && !isInPieces(frame.byteLength - frameHeadBytes))
      return answer(await call(decode(frame.subarray(frameHeadBytes)), caller));
    let run: () => Promise<MessageInitShape<O>>;
    try {
      run = await decodeInTurn(frame, encoding, caller);
    } finally {
      lease?.release();
    }
    return answer(await run());
  }

  /** A large or compressed message waits for its turn. Resolves to the call with this message. */
  async function decodeInTurn(
    frame: Uint8Array,
    encoding: string | undefined,
    caller: Caller,
  ): Promise<() => Promise<MessageInitShape<O>>> {
    const { peer } = caller;
    const place = frame.byteLength > chunkBytesMax || frame[0] !== 0 ? await intake.place(peer) : undefined;
    try {
      const message = await unframe(frame, encoding, bytesMax);
      if (inPieces !== undefined && isInPieces(message.byteLength)) {
        return await inPieces.decode(message, caller).finally(() => free(message));
      }
      const turn = intake.turns.spend(message.byteLength);
      if (turn !== undefined) await turn;
      const request = decode(message);
      return () => call(request, caller);
    } finally {
      free(frame);
      place?.release();
    }
  }

  function isInPieces(bytes: number): boolean {
    return inPieces !== undefined && bytes >= inPieces.bytesMin;
  }

  function decode(message: Uint8Array): MessageShape<I> {
    try {
      return fromBinary(input, message);
    } catch (error) {
      throw undecodableError(error);
    }
  }

  function answer(init: MessageInitShape<O>): Uint8Array {
    return toBinary(output, create(output, init));
  }
}

/** The caller of one call. Without a trace all calls of a connection have the same. */
function tracedCaller(caller: Caller, sent: string | undefined, span: OpenSpan | undefined): Caller {
  const traceparent = sent === undefined ? undefined : traceparents.read(sent);
  return traceparent === undefined && span === undefined ? caller : { ...caller, traceparent, span };
}

async function unframe(
  body: Uint8Array,
  encoding: string | undefined,
  bytesMax: number,
): Promise<Uint8Array> {
  const message = body.subarray(frameHeadBytes);
  const flags = body[0] ?? 0;
  if (flags === 0) return message;
  const problem = flagsProblem(flags, encoding !== undefined && encoding !== "identity");
  if (problem !== undefined) throw problem;
  if (encoding === gzipCompression.name) return gzipCompression.decompress(message, bytesMax);
  throw new ConnectError("unknown compression, supported is gzip", Code.Unimplemented);
}

const head = encodeFields([
  [":status", "200"],
  ["content-type", contentTypeProto],
]);
const gzipHead = encodeFields([
  [":status", "200"],
  ["content-type", contentTypeProto],
  ["grpc-encoding", gzipCompression.name],
]);
const ok = encodeFields([["grpc-status", "0"]]);

async function respondMessage(
  stream: Stream,
  bytes: Uint8Array,
  accepted: string | undefined,
): Promise<void> {
  if (bytes.byteLength < compressBytesMin || !/\bgzip\b/.test(accepted ?? "")) {
    stream.answer(head, grpcFrame(0, bytes), ok);
    return;
  }
  stream.answer(gzipHead, grpcFrame(compressedFlag, await gzipCompression.compress(bytes)), ok);
}

function grpcFrame(flags: number, message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeadBytes + message.byteLength);
  frame[0] = flags;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, frameHeadBytes);
  return frame;
}

/** The deadline of a `grpc-timeout` header; throws before anything is done where it is malformed. */
function timeoutOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const { timeoutMs, error } = parseTimeout(header, Number.MAX_SAFE_INTEGER);
  if (error !== undefined) throw error;
  return timeoutMs !== undefined && timeoutMs > timeoutMsMax ? undefined : timeoutMs;
}

/** The answer, or DEADLINE_EXCEEDED after this time. */
function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    }, timeoutMs);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
