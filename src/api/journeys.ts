/** Journeys: messages of several apps that belong together. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { JsonText } from "../core/json-text.ts";
import { externalIdBytesMax, listLimitMax } from "../core/limits.ts";
import { pageEnd } from "./answers.ts";
import { narrowedTo } from "./app-scope.ts";
import { cursor, defined, minSeq, text, whole } from "./fields.ts";
import { event, summaryAnswer } from "./message-answers.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

/** Bytes of the events in one answer by RPC: as for one message. */
const rpcEventsBytesMax = 512 * 1024;

export const getJourney = operation({
  name: "getJourney",
  summary:
    "The messages that belong together by an external id, in all apps, and their events on one time axis, a page at a time; 404 for none.",
  scope: "read",
  apps: "own",
  rest: "GET /api/journeys/{external_id}",
  rpc: "mars.v1.MessageService/GetJourney",
  command: "journey",
  input: z.strictObject({
    external_id: text(externalIdBytesMax, "The name that its messages share."),
    limit: whole(1, listLimitMax, "How many events there are in the answer.").default(listLimitMax),
    cursor: cursor.optional(),
    min_seq: minSeq,
  }),
  output: z.strictObject({
    external_id: z.string(),
    messages: z
      .array(summaryAnswer)
      .readonly()
      .meta({ description: "In the order of their apps and ids; 1,000 at most." }),
    partial: z.literal(true).optional().meta({ description: "Not all of its messages are there." }),
    events: z
      .array(event.extend({ app_id: z.string(), message_id: z.string() }))
      .meta({ description: "By `created_at`; ties by app and message." }),
    ...pageEnd,
    ...narrowedTo,
  }),
  async handle({ reader, progress }, { external_id, min_seq, ...page }, caller) {
    await visible(progress, min_seq, caller);
    const { allApps, apps } = caller.identity;
    const json = await reader(caller).journeyJson({
      externalId: external_id,
      ...defined({ cursor: page.cursor }),
      limit: page.limit,
      ...(!allApps && { apps }),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
    });
    if (json === undefined) throw new MarsError("not_found", "no message with this external id is stored");
    const answer = new JsonText(json);
    return allApps ? answer : answer.with({ apps });
  },
});
