/**
 * Bounds the cost of a request's body before one of Connect's handlers reads it: room for its bytes, turns of the event loop, and
 * batches that are decoded chunk by chunk. Of such a batch Connect gets the message without its events.
 */
import { createContextValues } from "@connectrpc/connect";
import { compressedFlag, type UniversalHandler } from "@connectrpc/connect/protocol";
import type { Caller, Protocol } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import {
  CollectEventsRequestSchema,
  CollectStreamRequestSchema,
  IngestService,
} from "../../gen/mars/v1/ingest_service_pb.ts";
import type { BudgetLease } from "../budget.ts";
import { free } from "../free.ts";
import { type Intake, smallBytesMax } from "../intake.ts";
import type { EdgeParts } from "../parts.ts";
import { sentRequestId } from "../request-id.ts";
import { ByteReader } from "./byte-reader.ts";
import { identifiedIn } from "./caller.ts";
import { rpcError } from "./error.ts";
import { gzipCompression } from "./gzip.ts";
import {
  chunkBytesMax,
  type LargeBatches,
  largeBatches,
  readBinaryBatch,
  readJsonBatch,
} from "./large-batch.ts";
import { encodingOf, framedType, frameHeadBytes, isByteStream, protocolOf } from "./request-guard.ts";
import { setAsideKey } from "./stream-body.ts";

/** The requests that are batches, with the number of the field that holds the events. */
const { collectEvents, collectStream } = IngestService.method;
const batchFields: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [collectEvents, CollectEventsRequestSchema.field.events.number],
  [collectStream, CollectStreamRequestSchema.field.events.number],
]);

/** The lease of a body without an announced length grows by this many bytes. */
const stepBytes = 64 * 1024;

/** A shorter frame counts as this many bytes in the turns. */
const frameCostBytes = 1024;

export interface BoundsOptions {
  /** The bound on a message, compressed and decompressed; Connect refuses a longer one. */
  readonly bytesMax: number;
  /** Whether events come by this method. */
  readonly takesEvents: boolean;
}

/** The handler, behind these bounds. */
export function boundRequests(
  handler: UniversalHandler,
  { intake, doors, eventLimits, log }: Pick<EdgeParts, "intake" | "doors" | "eventLimits" | "log">,
  { bytesMax, takesEvents }: BoundsOptions,
): UniversalHandler {
  const eventsField = batchFields.get(handler.method);
  return Object.assign((request: Parameters<UniversalHandler>[0]) => {
    const { body } = request;
    if (!isByteStream(body)) return handler(request);
    const contextValues = request.contextValues ?? createContextValues();
    const caller = identifiedIn(contextValues);
    const protocol = protocolOf(request.header);
    const sentId = sentRequestId(request.header);
    if (caller instanceof MarsError) {
      const url = request.method === "GET" ? withoutMessage(request.url) : request.url;
      return handler({ ...request, url, body: explained(refused(caller), protocol, sentId) });
    }
    const denial = denialOf(caller);
    if (denial !== undefined)
      return handler({ ...request, body: explained(refused(denial), protocol, sentId) });
    const type = request.header.get("content-type") ?? "";
    const work = new RequestWork({
      intake,
      caller,
      bytesMax,
      takesEvents,
      eventsField,
      setAside: contextValues.get(setAsideKey),
      json: /json/i.test(type),
      gzip: encodingOf(request.header, type) === gzipCompression.name,
    });
    contextValues.set(largeBatches, work.large);
    if (framedType.test(type)) {
      return handler({ ...request, contextValues, body: explained(work.frames(body), protocol, sentId) });
    }
    const header = new Headers(request.header);
    // They describe the message as it came.
    header.delete("content-length");
    if (work.unpacks) header.delete("content-encoding");
    return handler({
      ...request,
      header,
      contextValues,
      body: explained(work.whole(body), protocol, sentId),
    });
  }, handler);

  /** Why the body is not even read. A stream of events waits for its caller's limit instead. */
  function denialOf(caller: Caller): MarsError | undefined {
    if (!takesEvents) return undefined;
    const denial = caller.identity.denial("ingest");
    if (denial !== undefined || handler.method.methodKind !== "unary") return denial;
    try {
      eventLimits.assertRoom(caller);
      return undefined;
    } catch (thrown) {
      return MarsError.from(thrown);
    }
  }

  async function* explained(
    chunks: AsyncIterable<Uint8Array>,
    protocol: Protocol,
    sentId: string | undefined,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      if (!(error instanceof MarsError)) throw error;
      if (takesEvents) {
        doors.refused(protocol, error, sentId);
        await intake.pace(error);
      }
      throw rpcError(error, log, sentId);
    }
  }
}

/** The address of a call by GET with an empty message: that of a caller that is not known is neither unpacked nor read. */
function withoutMessage(url: string): string {
  const [path = ""] = url.split("?");
  return `${path}?connect=v1&encoding=proto&message=`;
}

interface WorkOptions extends BoundsOptions {
  readonly intake: Intake;
  readonly caller: Caller;
  readonly eventsField: number | undefined;
  /** To be called before the body waits for room. */
  readonly setAside: () => void;
  readonly json: boolean;
  readonly gzip: boolean;
}

/** The work on the body of one request. */
class RequestWork {
  readonly large: LargeBatches = new Map();
  readonly #options: WorkOptions;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  /** Whether messages are decompressed here: Connect gets the rest of them uncompressed. */
  get unpacks(): boolean {
    return this.#options.gzip && this.#options.eventsField !== undefined;
  }

  /** A body that is one message. */
  async *whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { bytesMax, takesEvents, intake, caller } = this.#options;
    let lease: BudgetLease | undefined;
    try {
      const bytes = await new ByteReader(body).read(bytesMax + 1, (arrived) => {
        if (arrived <= smallBytesMax) return;
        if (lease === undefined && takesEvents) intake.admit(arrived);
        lease ??= intake.received.tryTake(caller.peer, stepBytes);
        if (lease === undefined) throw noRoom();
        while (lease.amount < arrived) if (!lease.grow(stepBytes)) throw noRoom();
      });
      yield bytes.byteLength > bytesMax
        ? bytes
        : await this.#message(bytes, { packed: this.unpacks, index: 0 });
    } finally {
      lease?.release();
    }
  }

  /** A body that consists of frames. */
  async *frames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { bytesMax, takesEvents, intake } = this.#options;
    const reader = new ByteReader(body);
    let unspent = 0;
    for (let index = 0; ; index++) {
      // Thousands of small frames come in one chunk: without a turn for each, others would have to wait for all of them.
      if (unspent >= stepBytes) {
        await intake.turns.spend(unspent);
        unspent = 0;
      }
      const head = await reader.read(frameHeadBytes);
      const length =
        head.byteLength < frameHeadBytes ? 0 : new DataView(head.buffer, head.byteOffset).getUint32(1);
      // Connect answers a frame that is cut off or too long.
      if (head.byteLength < frameHeadBytes || length > bytesMax) {
        if (head.byteLength > 0) yield head;
        return;
      }
      // Each longer one has its own turn.
      if (length <= smallBytesMax) unspent += Math.max(length, frameCostBytes);
      if (takesEvents) intake.admit(length);
      const lease = length > smallBytesMax ? await this.#room(length) : undefined;
      let frame: Uint8Array;
      try {
        const payload = await reader.read(length);
        const packed = this.unpacks && head[0] === compressedFlag;
        // Connect answers a frame that is cut off.
        const whole = payload.byteLength === length;
        const message = whole ? await this.#message(payload, { packed, index }) : payload;
        frame = whole ? frameOf(packed ? 0 : (head[0] ?? 0), message) : Buffer.concat([head, payload]);
      } finally {
        lease?.release();
      }
      yield frame;
    }
  }

  /** Those who have the room may send on the same connection. The bound is that of those who may wait. */
  async #room(bytes: number): Promise<BudgetLease> {
    const { intake, caller, setAside } = this.#options;
    const lease = intake.received.tryTake(caller.peer, bytes);
    if (lease !== undefined) return lease;
    setAside();
    return intake.received.take(caller.peer, bytes);
  }

  /** The message that Connect gets, when its turn has come. */
  async #message(
    bytes: Uint8Array,
    { packed, index }: { packed: boolean; index: number },
  ): Promise<Uint8Array> {
    const { eventsField, intake, caller, json, gzip } = this.#options;
    const { turns } = intake;
    const options = { turns, sender: caller.identity };
    if (eventsField === undefined || (!packed && bytes.byteLength <= chunkBytesMax)) {
      // A message that Connect decompresses may be as large as its bound.
      await intake.turns.spend(gzip ? Math.max(bytes.byteLength, stepBytes) : bytes.byteLength);
      return bytes;
    }
    const place = await intake.place(caller.peer);
    let message = bytes;
    let kept = false;
    try {
      if (packed) {
        message = await gzipCompression.decompress(bytes, bodyBytesMax);
        free(bytes);
      }
      await intake.turns.spend(Math.min(message.byteLength, chunkBytesMax));
      kept = message.byteLength <= chunkBytesMax;
      if (kept) return message;
      const { batch, rest } = json
        ? await readJsonBatch(message, options)
        : await readBinaryBatch(message, eventsField, options);
      this.large.set(index, batch);
      return rest;
    } finally {
      if (!kept) free(message);
      place.release();
    }
  }
}

function frameOf(flags: number, message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeadBytes + message.byteLength);
  frame.writeUInt8(flags, 0);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, frameHeadBytes);
  return frame;
}

/** A body that is not read: its first chunk is the reason. */
async function* refused(reason: MarsError): AsyncGenerator<Uint8Array> {
  yield* [];
  throw reason;
}

function noRoom(): MarsError {
  return new MarsError("overloaded", "too many bytes of request bodies are in work", { retryAfterMs: 1_000 });
}
