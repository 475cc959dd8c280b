/** Messages: lists of them, and one with its events. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { JsonText } from "../core/json-text.ts";
import { messageEventsMax } from "../core/limits.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed } from "./attribute-filter.ts";
import { appId, cursor, defined, limit, messageId, minSeq, whole, word } from "./fields.ts";
import { messageAnswer, messagePage } from "./message-answers.ts";
import { goesByState, messageFilters, queryOf, refuseHalf, withStages } from "./message-filters.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

const listInput = z
  .strictObject({
    ...messageFilters,
    order: word(["newest", "oldest", "updated", "overdue"]).default("newest"),
    limit,
    cursor: cursor.optional(),
    min_seq: minSeq,
  })
  .transform(withStages)
  .superRefine(refuseHalf);

export const listMessages = operation({
  name: "listMessages",
  summary:
    "Messages by filter, a page at a time. The order is global, and the cursor stable while events arrive.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/messages",
  rpc: "mars.v1.MessageService/ListMessages",
  command: "list",
  input: listInput,
  output: messagePage,
  async handle({ reader, progress, projected }, { min_seq, order, limit, cursor, ...filters }, caller) {
    const query = {
      ...queryOf(filters),
      order,
      limit,
      ...defined({ cursor }),
      ...narrow(caller, filters.app_id),
    };
    await visible(goesByState(query) ? projected : progress, min_seq, caller);
    const read = reader(caller);
    await assertIndexed(read, filters.app_id, query.attributes);
    // An app that is not known is a filter that nothing matches: this is how one looks whether anything has come of it.
    return new JsonText(await read.listJson(query));
  },
});

/**
 * Bytes of a message's events in one answer by RPC. Clients take 4 MiB unless configured otherwise, and a list of small numbers
 * is 5.5 times as long in a `google.protobuf.Struct` as in JSON.
 */
export const rpcEventsBytesMax = 512 * 1024;

export const getMessage = operation({
  name: "getMessage",
  summary: "One message with its events, a page of them at a time; 404 when no event of it is stored.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/messages/{message_id}",
  rpc: "mars.v1.MessageService/GetMessage",
  command: "show",
  input: z.strictObject({
    app_id: appId,
    message_id: messageId,
    order: word(["oldest", "newest"], "By `created_at`.").optional(),
    limit: whole(1, messageEventsMax, "How many events there are in the answer.").optional(),
    cursor: cursor.optional(),
    min_seq: minSeq,
  }),
  output: messageAnswer,
  async handle({ reader, progress }, { app_id, message_id, min_seq, ...page }, caller) {
    await visible(progress, min_seq, caller);
    const { allApps, apps } = caller.identity;
    const json = await reader(caller).messageJson({
      appId: app_id,
      messageId: message_id,
      ...defined(page),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
      ...(!allApps && { apps }),
    });
    if (json === undefined) throw new MarsError("not_found", "no event of this message is stored");
    return new JsonText(json);
  },
});
