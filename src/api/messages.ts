/** Messages: lists of them, and one with its events. */
import * as z from "zod";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { messagePageToJson, messageToJson } from "../core/json.ts";
import { eventBytesMax, externalIdBytesMax, messageEventsMax, messageIdBytesMax } from "../core/limits.ts";
import { type Message, type MessageQuery, messageTriages } from "../core/query.ts";
import { funnelStatuses, shownStates } from "../core/state.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed, attributes } from "./attribute-filter.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import {
  appId,
  cursor,
  defined,
  field,
  limit,
  messageId,
  minSeq,
  type Reading,
  since,
  stage,
  text,
  time,
  until,
  whole,
  word,
  words,
} from "./fields.ts";
import { after } from "./hop-filter.ts";
import { messageAnswer, messagePage } from "./message-answers.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

/** RPC has `true` for it. */
const followed = field(
  { type: "string", enum: ["1"], description: "Goes by a lifecycle." },
  (value): Reading<true> =>
    value === "1" || value === true ? { value: true } : { problem: "must be one of 1" },
);

const listInput = z
  .strictObject({
    app_id: appId.optional(),
    message_id: messageId.optional(),
    external_id: text(externalIdBytesMax, "Known by this name too.").optional(),
    parent_id: text(messageIdBytesMax, "Is a part of this message; with `app_id`.").optional(),
    event: text(eventBytesMax, "Has had this event.").optional(),
    missing: text(eventBytesMax, "Has not had this event.").optional(),
    prefix: text(messageIdBytesMax, "What the message id begins with.").optional(),
    state: words(shownStates, "In one of these states.").optional(),
    overdue_since: time("Has been overdue since then or for longer.").optional(),
    stage: stage.optional(),
    stage_state: word(funnelStatuses, "How it stands with `stage`.").optional(),
    stage_events: stageEvents,
    after: after.optional(),
    after_events: stageEvents,
    followed: followed.optional(),
    triage: word(
      messageTriages,
      "Has a finding with this mark: `none` and `acknowledged` of those that hold now, `resolved` and `ignored` of any.",
    ).optional(),
    attributes: attributes.optional(),
    since: since.optional(),
    until: until.optional(),
    order: word(["newest", "oldest", "updated", "overdue"]).default("newest"),
    limit,
    cursor: cursor.optional(),
    min_seq: minSeq,
  })
  .transform(({ stage_events, after_events, ...input }, context) => ({
    ...input,
    stage: stageNamed("stage", input.stage, stage_events, context),
    after: stageNamed("after", input.after, after_events, context),
  }))
  .superRefine(({ app_id, parent_id, stage, stage_state, after }, context) => {
    const report = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if ((stage === undefined) !== (stage_state === undefined)) {
      report("stage", "and stage_state must be given together");
    }
    if (parent_id !== undefined && app_id === undefined) report("parent_id", "must be given with app_id");
    if (after !== undefined && stage === undefined) report("after", "must not be given without stage");
  });

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
  async handle({ reader, progress, projected }, { min_seq, ...filters }, caller) {
    const query = { ...queryOf(filters), ...narrow(caller, filters.app_id) };
    await visible(goesByState(query) ? projected : progress, min_seq, caller);
    const read = reader(caller);
    await assertIndexed(read, filters.app_id, query.attributes);
    // An app that is not known is a filter that nothing matches: this is how one looks whether anything has come of it.
    return messagePageToJson(await read.list(query));
  },
});

type Filters = Omit<z.output<typeof listInput>, "min_seq">;

function queryOf(filters: Filters): MessageQuery {
  const {
    app_id: _,
    message_id,
    external_id,
    parent_id,
    state,
    overdue_since,
    stage,
    stage_state,
    after,
    ...rest
  } = filters;
  const { order, limit, ...others } = rest;
  return {
    ...defined({ messageId: message_id, externalId: external_id, parentId: parent_id }),
    ...defined({ states: state, overdueSince: overdue_since, ...others }),
    ...(stage !== undefined &&
      stage_state !== undefined && { stage: { name: stage, status: stage_state, ...defined({ after }) } }),
    order,
    limit,
  };
}

/** Whether the answer goes by parents, states, findings or attributes, which follow the events a moment later. */
function goesByState(query: MessageQuery): boolean {
  const { parentId, states, overdueSince, stage, attributes, followed, triage, order } = query;
  return (
    parentId !== undefined ||
    states !== undefined ||
    overdueSince !== undefined ||
    stage !== undefined ||
    attributes !== undefined ||
    followed === true ||
    triage !== undefined ||
    order === "overdue"
  );
}

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
    const { message, asOfSeq } = await reader(caller).get({
      appId: app_id,
      messageId: message_id,
      ...defined(page),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
    });
    if (message === undefined) throw new MarsError("not_found", "no event of this message is stored");
    return messageToJson(readable(message, caller), asOfSeq);
  },
});

/** The message without the ids of those of other apps that the caller may not read. */
function readable(message: Message, { identity }: Caller): Message {
  const { instance } = message;
  if (instance === undefined || identity.allApps) return message;
  const stages = instance.stages.map(({ doneBy, ...stage }) => ({
    ...stage,
    ...(doneBy !== undefined && identity.mayApp(doneBy.appId) && { doneBy }),
  }));
  return { ...message, instance: { ...instance, stages } };
}
