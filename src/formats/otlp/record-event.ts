/** What log records and spans have in common on their way to an event: ids, app, trace, time. */
import type { Micros } from "../../core/event.ts";
import { appIdBytesMax } from "../../core/limits.ts";
import type { EventInput } from "../../core/validate.ts";
import { cleanText } from "../fit-attributes.ts";
import { type FormatMapping, textOf } from "../mapping.ts";
import type { OtlpAttributes } from "./record.ts";

/** An event that is still to be checked. */
export interface RecordEvent {
  readonly input: EventInput;
  /** Nanoseconds since 1970; 0 for the time of receipt. */
  readonly time: bigint;
}

/** What is the same for the records of one resource. */
export interface RecordContext {
  readonly resource: OtlpAttributes;
  /** Empty where nothing names it. */
  readonly appId: string;
  readonly mapping: FormatMapping;
  /** Attributes that became fields of the event, and are not repeated among its attributes. */
  readonly used: ReadonlySet<string>;
  readonly attributesBytesMax: number;
}

/** Why a record is no event. */
export type RecordRefusal =
  | "no_message_id"
  | "no_event_name"
  | "no_app_id"
  | "invalid"
  | "denied"
  | "too_large"
  | "invalid_span_event";

const appName = "mars.app_id";
const serviceName = "service.name";
const eventIdName = "mars.event_id";
const externalIdName = "mars.external_id";
const parentIdName = "mars.parent_id";
/** Among the names for the message id: the trace of the record. */
const traceIdName = "trace_id";

/** @param ownApp the only app of the caller's key, if it has one */
export function contextOf(
  resource: OtlpAttributes,
  {
    ownApp,
    mapping,
    attributesBytesMax,
  }: { ownApp: string | undefined; mapping: FormatMapping; attributesBytesMax: number },
): RecordContext {
  const used = new Set([...mapping.otlpMessageIds, appName, eventIdName, externalIdName, parentIdName]);
  used.add("event.name");
  const appId = ownApp ?? appIdOf(textOf(resource.get(appName)) ?? textOf(resource.get(serviceName)) ?? "");
  return { resource, appId, mapping, used, attributesBytesMax };
}

/** A name as an app id: in well-formed Unicode, without NUL, cut at the bound. */
function appIdOf(name: string): string {
  const text = cleanText(name);
  if (Buffer.byteLength(text) <= appIdBytesMax) return text;
  // A character that is cut apart is left out.
  const decoder = new TextDecoder();
  return decoder.decode(Buffer.from(text).subarray(0, appIdBytesMax)).replace(/\ufffd+$/, "");
}

/** The ids of a record, or why it is no event. */
export function idsOf(
  { traceId }: { readonly traceId: string },
  attributes: OtlpAttributes,
  { resource, appId, mapping }: RecordContext,
):
  | (Pick<EventInput, "app_id" | "message_id" | "external_id" | "parent_id"> & {
      event_id: string | undefined;
    })
  | RecordRefusal {
  const find = (name: string) => textOf(attributes.get(name)) ?? textOf(resource.get(name));
  let messageId: string | undefined;
  for (const name of mapping.otlpMessageIds) {
    messageId = name === traceIdName ? traceId || undefined : find(name);
    if (messageId !== undefined) break;
  }
  if (messageId === undefined) return "no_message_id";
  if (appId === "") return "no_app_id";
  return {
    app_id: appId,
    message_id: messageId,
    event_id: find(eventIdName),
    external_id: find(externalIdName),
    parent_id: find(parentIdName),
  };
}

/** The trace of a record, as events have it. */
export function traceparentOf(record: {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}): string | undefined {
  const { traceId, spanId, flags } = record;
  if (traceId === "" || spanId === "") return undefined;
  return `00-${traceId}-${spanId}-${(flags & 0xff).toString(16).padStart(2, "0")}`;
}

/** The time of an event; `undefined` for that of its receipt. */
export function microsOf(nanos: bigint): Micros | undefined {
  return nanos === 0n ? undefined : Number(nanos / 1_000n);
}
