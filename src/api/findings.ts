/** Findings: messages that differ from their lifecycles. */
import * as z from "zod";
import { markStatuses } from "../core/mark.ts";
import { nowMicros } from "../core/time.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { findingPageToJson, overduePageToJson } from "../lifecycle/json.ts";
import { owed, pageEnd, stageNames, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed, attributes } from "./attribute-filter.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import {
  appId,
  cursor,
  defined,
  limit,
  messageId,
  minSeq,
  since,
  stage,
  time,
  until,
  word,
} from "./fields.ts";
import { after } from "./hop-filter.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { endedBy, triage } from "./triage-fields.ts";
import { overdueTriage } from "./triage-filters.ts";
import { visible } from "./visible.ts";

/** A finding as REST, WebSocket and server-sent events show it. */
export const finding = z.strictObject({
  seq: z.int(),
  id: z.int(),
  app_id: z.string(),
  message_id: z.string(),
  run: z.int().meta({ description: "The run of the message, counted from 1." }),
  kind: z.enum(findingKinds),
  ...stageNames,
  version: z.int(),
  state: z.enum(["current", "retracted"]),
  due_at: timestamp,
  raised_at: timestamp,
  retracted_at: timestamp.nullable(),
  ended_by: endedBy,
  imported: z.boolean().meta({ description: "It follows from a backfill, and alerts nobody." }),
  late_by_ms: z.number().nullable(),
  owed,
  triage,
});

/** The input with the name of the stage, by whichever spelling it was given. */
function byStageName<
  Input extends {
    readonly stage?: string | undefined;
    readonly stage_events?: readonly string[] | undefined;
  },
>({ stage_events, ...input }: Input, context: Pick<z.core.ParsePayload, "issues">) {
  return { ...input, stage: stageNamed("stage", input.stage, stage_events, context) };
}

export const listFindings = operation({
  name: "listFindings",
  summary: "Findings by filter, a page at a time.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/findings",
  rpc: "mars.v1.LifecycleService/ListFindings",
  command: "findings",
  input: z
    .strictObject({
      app_id: appId.optional(),
      message_id: messageId.optional(),
      attributes: attributes.optional(),
      kind: word(findingKinds).optional(),
      stage: stage.optional(),
      stage_events: stageEvents,
      state: word(
        ["current", "retracted", "any"],
        "`current` holds now, and is the default; `retracted` did once.",
      ).optional(),
      triage: word(
        ["none", ...markStatuses, "any"],
        "With this mark. By default all that people have neither resolved nor ignored; with one of these two, `state` is `any` by default.",
      ).optional(),
      since: since.optional(),
      until: until.optional(),
      order: word(["newest", "oldest"], "By when they were raised.").default("newest"),
      limit,
      cursor: cursor.optional(),
      min_seq: minSeq,
    })
    .transform(byStageName),
  output: z.strictObject({
    findings: z.array(finding),
    next_cursor: z.string().nullable(),
    as_of_seq: z.int().meta({ description: "Every change of a finding up to here is in the answer." }),
  }),
  async handle(
    { reader, projected },
    { min_seq, app_id, message_id, state, triage, order, limit, ...filters },
    caller,
  ) {
    await visible(projected, min_seq, caller);
    const ids = { ...narrow(caller, app_id), ...defined({ messageId: message_id }) };
    const read = reader(caller);
    await assertIndexed(read, app_id, filters.attributes);
    const over = triage === "resolved" || triage === "ignored";
    const by = { state: state ?? (over ? "any" : "current"), ...defined({ triage }) } as const;
    const page = await read.findings({ ...ids, ...defined(filters), ...by, order, limit });
    if (app_id !== undefined && page.findings.length === 0) await assertApp(read, app_id);
    return findingPageToJson(page);
  },
});

export const listOverdue = operation({
  name: "listOverdue",
  summary: "What is stuck now, the longest overdue first.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/overdue",
  rpc: "mars.v1.LifecycleService/ListOverdue",
  command: "stuck",
  input: z
    .strictObject({
      app_id: appId.optional(),
      attributes: attributes.optional(),
      stage: stage.optional(),
      stage_events: stageEvents,
      after: after.optional(),
      after_events: stageEvents,
      due_since: time("Was due from here on, inclusive.").optional(),
      due_until: time("Was due up to here, exclusive.").optional(),
      triage: overdueTriage.optional(),
      limit,
      cursor: cursor.optional(),
      min_seq: minSeq,
    })
    .transform(byStageName)
    .transform(({ after_events, due_since, due_until, ...input }, context) => ({
      ...input,
      after: stageNamed("after", input.after, after_events, context),
      dueSince: due_since,
      dueUntil: due_until,
    })),
  output: z.strictObject({
    overdue: z.array(
      finding.extend({
        started_at: timestamp,
        overdue_for_ms: z.number(),
        age_ms: z.number(),
        hop_p99_ms: z.number().nullable(),
      }),
    ),
    ...pageEnd,
    clock: timestamp,
  }),
  async handle({ reader, projected }, { min_seq, app_id, limit, ...filters }, caller) {
    await visible(projected, min_seq, caller);
    const asOfSeq = projected.storedSeq;
    const read = reader(caller);
    const query = { ...narrow(caller, app_id), ...defined(filters), limit, clock: nowMicros() };
    await assertIndexed(read, app_id, filters.attributes);
    const page = await read.overdue(query);
    if (app_id !== undefined && page.overdue.length === 0) await assertApp(read, app_id);
    return overduePageToJson(page, asOfSeq);
  },
});
