/** Makes an event of a CloudEvent. */
import { eventBounds } from "../../core/event-bounds.ts";
import { eventIdBytesMax } from "../../core/limits.ts";
import type { EventInput } from "../../core/validate.ts";
import { type Field, fitAttributes } from "../fit-attributes.ts";
import { type FormatMapping, textAtPaths, textOf } from "../mapping.ts";
import type { NoEvent } from "../record-batch.ts";
import { stableId } from "../stable-id.ts";
import type { CloudEvent } from "./cloud-event.ts";

/** Extensions that name what is Mars' own. */
const appName = "marsappid";
const externalIdName = "marsexternalid";
const parentIdName = "marsparentid";

/** Attributes that become fields of the event; others are among its attributes. */
const fields: ReadonlySet<string> = new Set([
  ...[
    "specversion",
    "id",
    "type",
    "time",
    "traceparent",
    "tracestate",
    appName,
    externalIdName,
    parentIdName,
  ],
]);

export interface CloudEventOptions {
  readonly mapping: FormatMapping;
  /** That of the key, or of the request; `undefined` where the event is to say it. */
  readonly app: string | undefined;
}

export function eventOfCloudEvent(
  { attributes, data, dataBase64 }: CloudEvent,
  { mapping, app }: CloudEventOptions,
): EventInput | NoEvent {
  const paths = mapping.cloudEventsMessageIds;
  const messageId = textAtPaths({ ...Object.fromEntries(attributes), data }, paths);
  if (messageId === undefined) {
    const message = `is required, or another of ${paths.join(", ")}: it is the id of the message`;
    return { fault: "no_message_id", problems: [{ field: paths[0] ?? "", message }] };
  }
  const appId = app ?? textOf(attributes.get(appName));
  if (appId === undefined) {
    const message = "is required where the key is not for exactly one app, or app_id in the query";
    return { fault: "no_app_id", problems: [{ field: appName, message }] };
  }
  const [source, id] = [String(attributes.get("source")), String(attributes.get("id"))];
  // Only together they are unique.
  const eventId = `${source}#${id}`;
  return {
    app_id: appId,
    message_id: messageId,
    event: attributes.get("type"),
    created_at: attributes.get("time"),
    event_id: Buffer.byteLength(eventId) <= eventIdBytesMax ? eventId : stableId([source, id]),
    external_id: textOf(attributes.get(externalIdName)),
    parent_id: textOf(attributes.get(parentIdName)),
    traceparent: attributes.get("traceparent"),
    attributes: fitAttributes(
      fieldsOf(attributes, data, dataBase64, messageId),
      eventBounds.attributesBytesMax,
    ),
  };
}

function* fieldsOf(
  attributes: ReadonlyMap<string, unknown>,
  data: unknown,
  dataBase64: string,
  messageId: string,
): Generator<Field> {
  for (const [name, value] of attributes) {
    if (fields.has(name) || (name === "subject" && value === messageId)) continue;
    yield [name, value];
  }
  yield ["data", data];
  yield ["data_base64", dataBase64 || undefined];
}
