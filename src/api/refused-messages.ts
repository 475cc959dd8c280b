/** The operations on the messages of brokers that collectors refused. */
import * as z from "zod";
import { type KeptMessage, refusedMessagesMax } from "../core/broker-collector.ts";
import { formatTime } from "../core/time.ts";
import { alertId, found } from "./alert-fields.ts";
import { count, timestamp } from "./answers.ts";
import { known } from "./collectors.ts";
import { cursor, whole } from "./fields.ts";
import { operation } from "./operation.ts";

const path = "/api/collectors/{id}/rejected";

const message = z.strictObject({
  id: z.int(),
  position: z.string().meta({ description: "Its place in the broker." }),
  at: timestamp.meta({ description: "When it was refused." }),
  broker_at: timestamp.nullable().meta({ description: "When the broker received it, where that is known." }),
  reason: z.string(),
  bytes: count.meta({ description: "Of the whole body." }),
  cut: z
    .boolean()
    .meta({ description: "The body is too long to be kept as a whole: it cannot be replayed." }),
  body: z.string().meta({ description: "As text, where it is valid UTF-8; else in base64." }),
  base64: z.boolean(),
  headers: z
    .record(z.string(), z.string())
    .meta({ description: "In lower case, up to 8 KiB; those that look like secrets are hidden." }),
});

export const listRejected = operation({
  name: "listRejected",
  summary: `Messages of a broker that were refused, the latest first: the last ${refusedMessagesMax} of the collector.`,
  scope: "admin",
  apps: "all",
  rest: `GET ${path}`,
  rpc: "mars.v1.CollectorService/ListRejected",
  command: "collectors rejected",
  input: z.strictObject({
    id: alertId,
    limit: whole(1, refusedMessagesMax, "How many are on a page.").default(refusedMessagesMax),
    cursor: cursor.optional(),
  }),
  output: z.strictObject({ messages: z.array(message), next_cursor: z.string().nullable() }),
  async handle({ collectors, reader }, { id, ...page }, caller) {
    await known(collectors, id);
    const query = { collector: id, limit: page.limit, cursor: page.cursor };
    const { messages, nextCursor = null } = await reader(caller).refusedMessages(query);
    return { messages: messages.map(messageJson), next_cursor: nextCursor };
  },
});

const messageId = whole(1, Number.MAX_SAFE_INTEGER, "The id of one of them; absent: all.").optional();

export const replayRejected = operation({
  name: "replayRejected",
  summary:
    "Map refused messages once more, after their collector was corrected. Those that are accepted are no longer kept.",
  scope: "admin",
  apps: "all",
  rest: `POST ${path}/replay`,
  rpc: "mars.v1.CollectorService/ReplayRejected",
  command: "collectors replay",
  input: z.strictObject({ id: alertId, message: messageId }),
  output: z.strictObject({
    replayed: count,
    refused: count.meta({ description: "Refused again, or not kept as a whole." }),
  }),
  async handle({ collectors, changes }, { id, message }, caller, by) {
    return found(await changes.run(caller, () => collectors.replay(id, message, by)), "collector");
  },
});

export const deleteRejected = operation({
  name: "deleteRejected",
  summary: "Forget refused messages.",
  scope: "admin",
  apps: "all",
  rest: `DELETE ${path}`,
  rpc: "mars.v1.CollectorService/DeleteRejected",
  command: "collectors forget",
  input: z.strictObject({ id: alertId, message: messageId }),
  output: z.strictObject({ left: count }),
  async handle({ collectors, changes }, { id, message }, caller, by) {
    const left = await changes.run(caller, () => collectors.forget(id, message, by));
    return { left: found(left, "collector") };
  },
});

function messageJson({
  id,
  position,
  at,
  brokerAt,
  reason,
  body,
  bytes,
  headers,
}: KeptMessage): z.input<typeof message> {
  const shownBody = textOf(body);
  return {
    id,
    position,
    at: formatTime(at),
    broker_at: brokerAt === undefined ? null : formatTime(brokerAt),
    reason,
    bytes,
    cut: body.length < bytes,
    body: shownBody ?? Buffer.from(body).toString("base64"),
    base64: shownBody === undefined,
    headers,
  };
}

/** Where a long text was cut, its last character may be no whole one. */
function textOf(body: Uint8Array): string | undefined {
  for (let cut = 0; cut < 4; cut++) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, body.length - cut));
      return text.includes("\0") ? undefined : text;
    } catch {
      // One byte less.
    }
  }
  return undefined;
}
