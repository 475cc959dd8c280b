/** The bidirectional method: batches in, acknowledgements out. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Caller } from "../../core/caller.ts";
import type { Ingest } from "../../core/ports.ts";
import type {
  CollectStreamRequest,
  CollectStreamResponseSchema,
} from "../../gen/mars/v1/ingest_service_pb.ts";
import type { Doors } from "../doors.ts";
import type { EventLimits, StreamAllowance } from "../event-limits.ts";
import { acceptBatch, type BatchResult, type CheckedBatch, checkBatch } from "./collect.ts";

type Ack = MessageInitShape<typeof CollectStreamResponseSchema>;

/** A batch as it is read: a large one is decoded and checked already. */
export type StreamBatch = CollectStreamRequest & { readonly checked?: CheckedBatch };

/** The events of the stream. `end` is the client's regular end, or the reason why no more can be read. */
type Step =
  | { readonly kind: "ack"; readonly ack: Ack }
  | { readonly kind: "batch"; readonly batch: StreamBatch }
  | { readonly kind: "end"; readonly error?: unknown };

/**
 * Batches of one stream that may await their acknowledgement. When as many do, the stream is not read until the oldest is
 * acknowledged; HTTP/2 flow control then stops the sender. Enough to keep the journal busy through a commit.
 */
export const batchesInFlightMax = 8;

export interface StreamParts {
  readonly ingest: Pick<Ingest, "accept">;
  readonly doors: Doors;
  readonly eventLimits: Pick<EventLimits, "open">;
}

/**
 * Acknowledges each batch once it is on disk, in order. A batch that is refused as a whole ends the stream with its error;
 * batches after it may have been accepted without an acknowledgement, and the client sends them again.
 * While its caller has used up its limit of events, the stream is not read.
 *
 * @param caller whose signal, and the end of whose rights, end the stream: the batches that were read are acknowledged, then
 * the reason is thrown
 */
export async function* collectStream(
  { ingest, doors, eventLimits }: StreamParts,
  requests: AsyncIterable<StreamBatch>,
  caller: Pick<Caller, "identity" | "peer" | "protocol" | "traceparent" | "signal">,
): AsyncGenerator<Ack> {
  const batches = requests[Symbol.asyncIterator]();
  const acks: Promise<Step & { kind: "ack" }>[] = [];
  const abortion = watchEnd(caller);
  const allowance = eventLimits.open(caller);
  const over = new AbortController();
  let reading: Promise<Step> | undefined;
  let end: { readonly error?: unknown } | undefined;
  try {
    while (true) {
      if (end === undefined && acks.length < batchesInFlightMax)
        reading ??= read(batches, allowance, over.signal);
      const oldest = acks[0];
      if (end === undefined && reading !== undefined) {
        // The end goes first: a batch that came while the client read no acknowledgements is not accepted after it.
        const waits = [abortion.step, reading];
        const step = await Promise.race(oldest === undefined ? waits : [oldest, ...waits]);
        if (step.kind === "end") {
          end = step;
          continue;
        }
        if (step.kind === "batch") {
          reading = undefined;
          acks.push(acknowledge(step.batch, { ingest, doors, allowance, caller }));
          continue;
        }
      }
      if (oldest === undefined) break;
      yield (await oldest).ack;
      acks.shift();
    }
  } finally {
    abortion.forget();
    over.abort();
    allowance.end();
  }
  if (end?.error !== undefined) throw end.error;
}

async function read(
  batches: AsyncIterator<StreamBatch>,
  allowance: StreamAllowance,
  signal: AbortSignal,
): Promise<Step> {
  try {
    await allowance.next(signal);
    if (signal.aborted) return { kind: "end" };
    const result = await batches.next();
    return result.done === true ? { kind: "end" } : { kind: "batch", batch: result.value };
  } catch (error) {
    return { kind: "end", error };
  }
}

interface Collecting {
  readonly ingest: StreamParts["ingest"];
  readonly doors: Doors;
  readonly allowance: StreamAllowance;
  readonly caller: Pick<Caller, "identity" | "protocol" | "traceparent">;
}

function acknowledge(batch: StreamBatch, collecting: Collecting): Promise<Step & { kind: "ack" }> {
  const ack = collect(batch, collecting).then((result) => ({
    kind: "ack" as const,
    ack: { batchId: batch.batchId, ...result },
  }));
  // Awaited in its turn, or dropped with the stream when a batch before it fails.
  ack.catch(() => {});
  return ack;
}

async function collect(
  { checked, events }: StreamBatch,
  { ingest, doors, allowance, caller }: Collecting,
): Promise<BatchResult> {
  const batch = checked ?? checkBatch(events, caller.identity);
  allowance.came(batch.events, batch.size);
  return acceptBatch({ ingest, doors }, batch, caller);
}

function watchEnd({ identity, signal }: Pick<Caller, "identity" | "signal">): {
  step: Promise<Step>;
  forget: () => void;
} {
  const { promise, resolve } = Promise.withResolvers<Step>();
  const listener = () => resolve({ kind: "end", error: signal?.reason });
  signal?.addEventListener("abort", listener);
  if (signal?.aborted) listener();
  const forget = identity.onEnd((error) => resolve({ kind: "end", error }));
  return {
    step: promise,
    forget() {
      signal?.removeEventListener("abort", listener);
      forget();
    },
  };
}
