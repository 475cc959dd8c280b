/** The operations on what is set aside because it could never be applied. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { eventJson } from "../core/json.ts";
import type { SetAsideItem } from "../core/set-aside.ts";
import { formatTime } from "../core/time.ts";
import { count, timestamp } from "./answers.ts";
import { cursor, limit, whole } from "./fields.ts";
import { operation } from "./operation.ts";

const seq = whole(
  1,
  Number.MAX_SAFE_INTEGER,
  "The event's place in the sequence; of a message that of its first event.",
);

const item = z.strictObject({
  seq: z.int(),
  kind: z.enum(["event", "message"]),
  app_id: z.string(),
  message_id: z.string(),
  at: timestamp,
  code: z.string(),
  reason: z.string(),
  event: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: "As topics carry it; `null` for a message." }),
});

export const listSetAside = operation({
  name: "listSetAside",
  summary: "Events and messages that could not be applied, by seq, a page at a time.",
  scope: "admin",
  apps: "all",
  rest: "GET /api/set-aside",
  rpc: "mars.v1.AdminService/ListSetAside",
  command: "set-aside list",
  input: z.strictObject({ limit, cursor: cursor.optional() }),
  output: z.strictObject({
    set_aside: z.array(item),
    count,
    next_cursor: z.string().nullable(),
    as_of_seq: z.int().meta({ description: "Every event up to here is stored or set aside." }),
  }),
  async handle({ setAside }, { limit, cursor }) {
    const { items, count, nextCursor = null, asOfSeq } = await setAside.list({ limit, cursor });
    return { set_aside: items.map(itemJson), count, next_cursor: nextCursor, as_of_seq: asOfSeq };
  },
});

export const replaySetAside = operation({
  name: "replaySetAside",
  summary: "Accept the event once more, with a new seq, or follow the message again.",
  scope: "admin",
  apps: "all",
  rest: "POST /api/set-aside/{seq}/replay",
  rpc: "mars.v1.AdminService/ReplaySetAside",
  command: "set-aside replay",
  input: z.strictObject({ seq }),
  output: z.strictObject({
    seq: z.int().meta({ description: "The event's new place; of a message the same as before." }),
  }),
  async handle({ setAside }, { seq }, _, by) {
    const replayed = await setAside.replay(seq, by);
    if (replayed === undefined) throw noSuch();
    return { seq: replayed };
  },
});

export const deleteSetAside = operation({
  name: "deleteSetAside",
  summary: "Delete for good what is set aside.",
  scope: "admin",
  apps: "all",
  rest: "DELETE /api/set-aside/{seq}",
  rpc: "mars.v1.AdminService/DeleteSetAside",
  command: "set-aside delete",
  input: z.strictObject({ seq }),
  output: z.strictObject({}),
  async handle({ setAside }, { seq }, _, by) {
    if (!(await setAside.remove(seq, by))) throw noSuch();
    return {};
  },
});

function itemJson({ seq, appId, messageId, at, code, reason, event }: SetAsideItem): z.input<typeof item> {
  return {
    seq,
    kind: event === undefined ? "message" : "event",
    app_id: appId,
    message_id: messageId,
    at: formatTime(at),
    code,
    reason,
    event: event === undefined ? null : JSON.parse(eventJson(event)),
  };
}

function noSuch(): MarsError {
  return new MarsError("not_found", "nothing is set aside under this seq");
}
