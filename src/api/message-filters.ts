/** The filters of lists of messages. */
import * as z from "zod";
import { eventBytesMax, externalIdBytesMax, messageIdBytesMax } from "../core/limits.ts";
import { type MessageQuery, messageTriages } from "../core/query.ts";
import { funnelStatuses, shownStates } from "../core/state.ts";
import { attributes } from "./attribute-filter.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import {
  appId,
  defined,
  field,
  messageId,
  type Reading,
  since,
  stage,
  text,
  time,
  until,
  word,
  words,
} from "./fields.ts";
import { after } from "./hop-filter.ts";

/** RPC has `true` for it. */
const followed = field(
  { type: "string", enum: ["1"], description: "Goes by a lifecycle." },
  (value): Reading<true> =>
    value === "1" || value === true ? { value: true } : { problem: "must be one of 1" },
);

/** The fields of an input. */
export const messageFilters = {
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
};

interface StageFields {
  readonly stage?: string | undefined;
  readonly stage_events?: readonly string[] | undefined;
  readonly after?: string | undefined;
  readonly after_events?: readonly string[] | undefined;
}

/** For `transform`: stages by name, however they are given. */
export function withStages<Given extends StageFields>(given: Given, context: z.RefinementCtx) {
  const { stage_events, after_events, ...input } = given;
  return {
    ...input,
    stage: stageNamed("stage", given.stage, stage_events, context),
    after: stageNamed("after", given.after, after_events, context),
  };
}

interface Dependent extends StageFields {
  readonly app_id?: string | undefined;
  readonly parent_id?: string | undefined;
  readonly stage_state?: string | undefined;
}

/** For `superRefine`: filters that need others. */
export function refuseHalf(
  { app_id, parent_id, stage, stage_state, after }: Dependent,
  context: z.RefinementCtx,
): void {
  const report = (field: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message });
  if ((stage === undefined) !== (stage_state === undefined)) {
    report("stage", "and stage_state must be given together");
  }
  if (parent_id !== undefined && app_id === undefined) report("parent_id", "must be given with app_id");
  if (after !== undefined && stage === undefined) report("after", "must not be given without stage");
}

const onlyFilters = z.strictObject(messageFilters).transform(withStages);

export function queryOf({
  app_id: _,
  message_id,
  external_id,
  parent_id,
  state,
  overdue_since,
  stage,
  stage_state,
  after,
  ...others
}: z.output<typeof onlyFilters>): Omit<MessageQuery, "order" | "limit" | "cursor"> {
  return {
    ...defined({ messageId: message_id, externalId: external_id, parentId: parent_id }),
    ...defined({ states: state, overdueSince: overdue_since, ...others }),
    ...(stage !== undefined &&
      stage_state !== undefined && { stage: { name: stage, status: stage_state, ...defined({ after }) } }),
  };
}

/** Whether the answer goes by parents, states, findings or attributes, which follow the events a moment later. */
export function goesByState(query: Partial<MessageQuery>): boolean {
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
