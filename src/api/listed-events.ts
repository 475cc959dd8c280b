/** The events of all messages of a list: what is exported, in few calls. */
import * as z from "zod";
import { storedEventToJson } from "../core/json.ts";
import { listedEventsMax } from "../core/limits.ts";
import { pageEnd } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed } from "./attribute-filter.ts";
import { cursor, defined, minSeq, whole } from "./fields.ts";
import { event } from "./message-answers.ts";
import { goesByState, messageFilters, queryOf, refuseHalf, withStages } from "./message-filters.ts";
import { rpcEventsBytesMax } from "./messages.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

export const listEvents = operation({
  name: "listEvents",
  summary:
    "The events of the messages that the filters choose, a page at a time: messages by their first event, the earliest first, and of each its events in their order.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/events",
  rpc: "mars.v1.MessageService/ListEvents",
  command: "export",
  lines: "events",
  input: z
    .strictObject({
      ...messageFilters,
      limit: whole(
        1,
        listedEventsMax,
        "How many events are on a page; it has fewer where they are more than 1 MiB.",
      ).default(listedEventsMax),
      cursor: cursor.optional(),
      min_seq: minSeq,
    })
    .transform(withStages)
    .superRefine(refuseHalf),
  output: z.strictObject({
    events: z.array(event.extend({ app_id: z.string(), message_id: z.string() })),
    ...pageEnd,
  }),
  async handle({ reader, progress, projected }, { min_seq, limit, cursor, ...filters }, caller) {
    const messages = { ...queryOf(filters), ...narrow(caller, filters.app_id) };
    await visible(goesByState(messages) ? projected : progress, min_seq, caller);
    const read = reader(caller);
    await assertIndexed(read, filters.app_id, messages.attributes);
    const page = await read.listedEvents({
      messages,
      limit,
      ...defined({ cursor }),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
    });
    return {
      events: page.events.map((one) => ({
        app_id: one.appId,
        message_id: one.messageId,
        ...storedEventToJson(one),
      })),
      next_cursor: page.nextCursor ?? null,
      as_of_seq: page.asOfSeq,
    };
  },
});
