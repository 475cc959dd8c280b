/** From one message of a broker to validated events, and the reason why some of it is refused. */
import type { BrokerCollector } from "../core/broker-collector.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent, Micros } from "../core/event.ts";
import { bodyBytesMax, bulkEventsMax } from "../core/limits.ts";
import type { Log } from "../core/ports.ts";
import { receipts } from "../core/receipt.ts";
import { checkEvent, type Problems } from "../core/validate.ts";
import { type BrokerMessage, bytesOf } from "./engine.ts";
import { type Mapper, RefusedItem, type ValidEvents } from "./mapper.ts";

/** Bytes of a reason. */
const reasonCharsMax = 500;

export interface MappedMessage {
  readonly events: readonly MarsEvent[];
  /** Why the message, or some of its events, are refused; absent: nothing of it is. */
  readonly reason?: string;
}

const anyApp = { mayApp: () => true };

type Mapped = Pick<BrokerMessage, "id" | "body" | "headers" | "brokerAt" | "refusal">;

/**
 * Maps and checks one message. Events that are valid are kept beside others that are not. An event without an id of its own has
 * that of the message, with its place where the message is a list: so a repeat changes nothing. Events of Mars' own form are there at
 * once: a promise for each message would cost as much as parsing it.
 *
 * @throws, or rejects with, what is transient: it is tried again
 */
export function eventsOf(
  message: Mapped,
  { appId }: Pick<BrokerCollector, "appId">,
  mapper: Mapper,
  log: Pick<Log, "error">,
): MappedMessage | Promise<MappedMessage> {
  const { body, refusal } = message;
  if (refusal !== undefined) return { events: [], reason: refusal };
  const bytes = bytesOf(body);
  if (bytes > bodyBytesMax)
    return { events: [], reason: `must be at most ${bodyBytesMax} bytes, has ${bytes}` };
  let mapped: ReturnType<Mapper>;
  try {
    mapped = mapper(message);
  } catch (thrown) {
    return refusedFor(thrown, log);
  }
  if (!(mapped instanceof Promise)) return eventsOfMapped(mapped, message, appId);
  return mapped.then(
    (inputs) => eventsOfMapped(inputs, message, appId),
    (thrown: unknown) => refusedFor(thrown, log),
  );
}

/** @throws what is transient: overload of the mapper's own is no fault of the message */
function refusedFor(thrown: unknown, log: Pick<Log, "error">): MappedMessage {
  const error = MarsError.from(thrown);
  if (error.transient) throw error;
  // A fault of Mars must not make it come again without end.
  if (error.ours)
    log.error("message of a broker could not be mapped", { event: "broker_mapping_failed", error });
  return { events: [], reason: error.message.slice(0, reasonCharsMax) };
}

function eventsOfMapped(
  inputs: readonly unknown[] | ValidEvents,
  message: Mapped,
  appId: string | undefined,
): MappedMessage {
  if (!isList(inputs)) return ofValid(inputs, message);
  if (inputs.length > bulkEventsMax)
    return { events: [], reason: `must have at most ${bulkEventsMax} events, has ${inputs.length}` };
  return check(inputs, message, appId);
}

/** A type guard for lists that are read only, which `Array.isArray` is none for. */
function isList(mapped: readonly unknown[] | ValidEvents): mapped is readonly unknown[] {
  return Array.isArray(mapped);
}

/** An id has the place of its item, which stays when other items are mapped, too. */
function ofValid({ events, items, reason }: ValidEvents, message: Mapped): MappedMessage {
  const { brokerAt } = message;
  const single = items === 1;
  return {
    events: events.map(({ index, ...event }): MarsEvent => {
      const receivedAt = receipts.next();
      const eventId = event.eventId !== "" ? event.eventId : single ? message.id : `${message.id}:${index}`;
      return { ...event, eventId, createdAt: event.createdAt ?? brokerAt ?? receivedAt, receivedAt };
    }),
    ...(reason !== undefined && { reason: reason.slice(0, reasonCharsMax) }),
  };
}

function check(inputs: readonly unknown[], message: Mapped, appId: string | undefined): MappedMessage {
  const { brokerAt } = message;
  const problems: Problems = { list: [], sender: anyApp };
  const single = inputs.length === 1;
  const events: MarsEvent[] = [];
  let refused = 0;
  let at = 0;
  const ownId = () => (single ? message.id : `${message.id}:${at}`);
  for (; at < inputs.length; at++) {
    const given = inputs[at];
    if (!single) problems.index = at;
    if (given instanceof RefusedItem) {
      refused++;
      problems.list.push(...given.problems.map((problem) => ({ ...problem, ...(!single && { index: at }) })));
      continue;
    }
    const own = appId === undefined ? { input: given } : ofApp(given, appId, problems);
    const event = own && checkEvent(own.input, receipts.next(), problems, timeOf(own.input, brokerAt), ownId);
    if (event === undefined) refused++;
    else events.push(event);
  }
  const [first] = problems.list;
  if (refused === 0 || first === undefined) return { events };
  const place = first.index === undefined ? "" : `events[${first.index}]${first.field === "" ? "" : "."}`;
  const others = refused > 1 ? `; ${refused} of ${inputs.length} events are refused` : "";
  const reason = `${place}${first.field} ${first.message}`.trim().slice(0, reasonCharsMax);
  return { events, reason: reason + others };
}

/** The collector's app: an event must not name another. */
function ofApp(given: unknown, appId: string, problems: Problems): { readonly input: unknown } | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return { input: given };
  const { app_id } = given as { readonly app_id?: unknown };
  if (app_id === appId) return { input: given };
  if (app_id === undefined || app_id === null) return { input: { ...given, app_id: appId } };
  const message = `must be absent or ${appId}, the collector's`;
  problems.list.push({
    field: "app_id",
    message,
    ...(problems.index !== undefined && { index: problems.index }),
  });
  return undefined;
}

/** The broker's time where the producer gave none. */
function timeOf(input: unknown, brokerAt: Micros | undefined): Micros | undefined {
  if (brokerAt === undefined || typeof input !== "object" || input === null) return undefined;
  const { created_at } = input as { readonly created_at?: unknown };
  return created_at === undefined || created_at === null ? brokerAt : undefined;
}
