/** The events of one message, in pages both ways: none is out of reach, however many there are. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { storedEventToJson } from "../core/json.ts";
import { eventBytesMax, listLimitDefault, messageEventsLimitMax } from "../core/limits.ts";
import { pageEnd } from "./answers.ts";
import { appId, cursor, defined, messageId, minSeq, since, text, until, whole, word } from "./fields.ts";
import { event } from "./message-answers.ts";
import { rpcEventsBytesMax } from "./messages.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

export const listMessageEvents = operation({
  name: "listMessageEvents",
  summary: "The events of one message, a page at a time in both directions; 404 when none of it is stored.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/messages/{message_id}/events",
  rpc: "mars.v1.MessageService/ListMessageEvents",
  command: "events",
  lines: "events",
  input: z.strictObject({
    app_id: appId,
    message_id: messageId,
    order: word(["asc", "desc"], "By `created_at`.").default("asc"),
    event: text(eventBytesMax, "Of this name only.").optional(),
    since: since.optional(),
    until: until.optional(),
    limit: whole(1, messageEventsLimitMax, "How many are on a page.").default(listLimitDefault),
    cursor: cursor.optional(),
    min_seq: minSeq,
  }),
  output: z.strictObject({
    events: z.array(event),
    previous_cursor: z
      .string()
      .nullable()
      .meta({ description: "Asks for the page before, in the same order; `null` on the first." }),
    ...pageEnd,
  }),
  async handle({ reader, progress }, { app_id, message_id, min_seq, order, limit, ...rest }, caller) {
    await visible(progress, min_seq, caller);
    const page = await reader(caller).messageEvents({
      appId: app_id,
      messageId: message_id,
      order,
      limit,
      ...defined(rest),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
    });
    if (!page.found) throw new MarsError("not_found", "no event of this message is stored");
    return {
      events: page.events.map(storedEventToJson),
      previous_cursor: page.previousCursor ?? null,
      next_cursor: page.nextCursor ?? null,
      as_of_seq: page.asOfSeq,
    };
  },
});
