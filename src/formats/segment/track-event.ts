/** Makes an event of a `track` call of Segment and what speaks its protocol. https://segment.com/docs/connections/spec/track/ */
import { eventBounds } from "../../core/event-bounds.ts";
import { eventIdBytesMax } from "../../core/limits.ts";
import type { EventInput } from "../../core/validate.ts";
import { type Field, fitAttributes } from "../fit-attributes.ts";
import { type FormatMapping, textAtPaths, textOf, valueAt } from "../mapping.ts";
import type { NoEvent } from "../record-batch.ts";
import { stableId } from "../stable-id.ts";

type Call = Readonly<Record<string, unknown>>;

/** @param app that of the key; `undefined` where it has several */
export function eventOfCall(
  value: unknown,
  { mapping, app }: { readonly mapping: FormatMapping; readonly app: string | undefined },
): EventInput | NoEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { fault: "invalid", problems: [{ field: "", message: "must be a JSON object" }] };
  }
  const call = value as Call;
  // `identify`, `page` and others say nothing about a message.
  if (call.type !== "track") return { fault: "ignored", problems: [] };
  const paths = mapping.segmentMessageIds;
  const messageId = textAtPaths(call, paths);
  if (messageId === undefined) {
    const message = `is required, or another of ${paths.join(", ")}: it is the id of the message`;
    return { fault: "no_message_id", problems: [{ field: paths[0] ?? "", message }] };
  }
  const appId = app ?? textOf(valueAt(call, "context.app.name"));
  if (appId === undefined) {
    const message = "is required where the key is not for exactly one app";
    return { fault: "no_app_id", problems: [{ field: "context.app.name", message }] };
  }
  return {
    app_id: appId,
    message_id: messageId,
    event: call.event,
    created_at: call.timestamp ?? call.originalTimestamp ?? call.sentAt,
    event_id: eventIdOf(call.messageId),
    attributes: fitAttributes(fieldsOf(call), eventBounds.attributesBytesMax),
  };
}

function eventIdOf(value: unknown): string | undefined {
  const id = textOf(value);
  return id === undefined || Buffer.byteLength(id) <= eventIdBytesMax ? id : stableId([id]);
}

function* fieldsOf({ properties, userId, anonymousId }: Call): Generator<Field> {
  if (typeof properties === "object" && properties !== null) yield* Object.entries(properties);
  yield ["user_id", textOf(userId)];
  yield ["anonymous_id", textOf(anonymousId)];
}
