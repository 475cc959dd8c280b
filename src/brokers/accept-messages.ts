/** Carries some messages of a broker to the disk: their events to the log, and what is refused of them to the database. */
import {
  type BrokerCollector,
  type BrokerStore,
  type RefusedMessage,
  refusedBytesMax,
} from "../core/broker-collector.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent, Micros } from "../core/event.ts";
import { keptHeaders } from "../core/kept-headers.ts";
import { bulkEventsMax } from "../core/limits.ts";
import type { Ingest, Log } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import { delay, within } from "../runtime/delay.ts";
import type { BrokerConnection, BrokerMessage } from "./engine.ts";
import type { Mapper } from "./mapper.ts";
import { eventsOf, type MappedMessage } from "./message-events.ts";

const retry = { firstMs: 100, lastMs: 5_000 };
/** A broker that does not confirm a dead letter for so long is connected to again, and health says why. */
const deadLetterMs = 15_000;
/** Events of one call of `accept`. */
const acceptMax = Math.min(5_000, bulkEventsMax);

export interface AcceptParts {
  readonly collector: BrokerCollector;
  readonly mapper: Mapper;
  readonly ingest: Pick<Ingest, "accept">;
  readonly store: Pick<BrokerStore, "keepRefused">;
  /** The body as it may be kept: without values that are masked. */
  readonly redact: (body: Uint8Array) => Uint8Array;
  /** The headers likewise. */
  readonly redactHeaders: (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** The one app of the collector's events; empty where they name their own. */
  readonly appOf: (collector: BrokerCollector) => string;
  readonly log: Pick<Log, "error">;
}

export interface AcceptHooks {
  readonly signal: AbortSignal;
  /** Called when Mars accepts no events, or cannot map them yet, and when it does. */
  readonly waiting: (error: MarsError, cause: WaitCause) => void;
  readonly accepted: () => void;
}

/** Why nothing more is read for now. */
export type WaitCause = "events" | "mapping";

export interface Taken {
  readonly events: number;
  /** Messages that have none on purpose. */
  readonly ignored: number;
  readonly refused: number;
  readonly deadLettered: number;
  /** Refused messages that are kept now; absent where none was refused. */
  readonly kept?: number;
  /** Of the first one. */
  readonly reason?: string;
}

/**
 * Resolves once all that the messages have is on disk. What is refused for now, since Mars is overloaded or the database away, is
 * tried again until the signal aborts.
 *
 * @returns `undefined` where it has aborted before
 */
export async function acceptMessages(
  messages: readonly BrokerMessage[],
  connection: Pick<BrokerConnection, "publish">,
  parts: AcceptParts,
  hooks: AcceptHooks,
): Promise<Taken | undefined> {
  const { collector, mapper, ingest, store, log } = parts;
  const at = nowMicros();
  const events: MarsEvent[] = [];
  const refused: { readonly message: BrokerMessage; readonly record: RefusedMessage }[] = [];
  let ignored = 0;
  for (const message of messages) {
    const map = () => eventsOf(message, collector, mapper, log);
    let mapped: MappedMessage | undefined;
    try {
      const mapping = map();
      mapped = mapping instanceof Promise ? await mapping : mapping;
    } catch (failure) {
      mapped = await again(map, hooks.signal, (error) => hooks.waiting(error, "mapping"), failure);
      if (mapped === undefined) return undefined;
      hooks.accepted();
    }
    if (mapped.events.length === 0 && mapped.reason === undefined) ignored++;
    for (const event of mapped.events) events.push(event);
    if (mapped.reason !== undefined)
      refused.push({ message, record: recordOf(message, mapped.reason, at, parts) });
  }
  for (let from = 0; from < events.length; from += acceptMax) {
    const some = events.slice(from, from + acceptMax);
    const seq = await again(
      () => ingest.accept(some),
      hooks.signal,
      (error) => hooks.waiting(error, "events"),
    );
    if (seq === undefined) return undefined;
    hooks.accepted();
  }
  const [first] = refused;
  if (first === undefined) return { events: events.length, ignored, refused: 0, deadLettered: 0 };
  const records = refused.map(({ record }) => record);
  const kept = await again(() => store.keepRefused(collector.id, records), hooks.signal);
  if (kept === undefined) return undefined;
  const { deadLetter } = collector;
  for (const { message, record } of deadLetter === undefined ? [] : refused) {
    const published = connection.publish(deadLetter ?? "", deadLetterOf(message, record, collector.id));
    if (!(await within(deadLetterMs, published)))
      throw new MarsError("unavailable", `the broker has not confirmed a dead letter for ${deadLetterMs} ms`);
    await published;
  }
  return {
    events: events.length,
    ignored,
    refused: refused.length,
    deadLettered: deadLetter === undefined ? 0 : refused.length,
    kept,
    reason: first.record.reason,
  };
}

/**
 * @param failure of an attempt that was made before
 * @throws what is not transient
 */
async function again<T>(
  attempt: () => T | Promise<T>,
  signal: AbortSignal,
  waiting: (error: MarsError) => void = () => undefined,
  failure?: unknown,
): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      if (failures === 0 && failure !== undefined) throw failure;
      return await attempt();
    } catch (thrown) {
      const error = MarsError.from(thrown);
      if (!error.transient) throw thrown;
      waiting(error);
      await delay(Math.min(retry.firstMs * 2 ** Math.min(failures, 10), retry.lastMs), signal);
    }
  }
  return undefined;
}

function recordOf(
  message: BrokerMessage,
  reason: string,
  at: Micros,
  { collector, redact, redactHeaders, appOf }: AcceptParts,
): RefusedMessage {
  const { position, id, body, brokerAt } = message;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    position,
    at,
    ...(brokerAt !== undefined && { brokerAt }),
    eventId: id,
    reason,
    // A copy: the message may be a part of a larger buffer, which goes to another thread as a whole.
    body: new Uint8Array(redact(bytes).subarray(0, refusedBytesMax)),
    bytes: bytes.length,
    headers: redactHeaders(keptHeaders(message.headers())),
    appId: appOf(collector),
  };
}

/** As it came, with the reason beside it. */
function deadLetterOf({ id, body, position }: BrokerMessage, { reason }: RefusedMessage, collector: string) {
  const text = reason.replace(/[^\x20-\x7e]/g, "?");
  return {
    id,
    body,
    headers: { "mars-collector": collector, "mars-position": position, "mars-reason": text },
  };
}
