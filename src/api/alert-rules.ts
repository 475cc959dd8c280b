/** The operations on rules: which findings open an incident, and which sinks are notified of it. */
import * as z from "zod";
import { atLeastDefaults } from "../alerting/conditions/condition.ts";
import { ruleToJson } from "../alerting/json.ts";
import { type AlertRule, atLeastMax, growFactorMax, growthDefaults, ruleSinksMax } from "../alerting/rule.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { condition, shownCondition } from "./alert-condition.ts";
import { alertId, found, kinds, list, oneAppOrAll, settingLimit } from "./alert-fields.ts";
import { checkCondition, windowMsDefault } from "./alert-rule-problems.ts";
import { schedule, shownSchedule } from "./alert-schedule.ts";
import { assertApp, narrow } from "./app-scope.ts";
import { duration } from "./duration.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import { appId, cursor, defined, stage, whole } from "./fields.ts";
import { operation } from "./operation.ts";
import type { ApiReader } from "./parts.ts";

const repeatMsDefault = 4 * 3_600_000;
const day = 86_400_000;

const window = duration(
  { min: 1_000, max: day },
  "An incident opens with `at_least` findings raised within it; `1m` unless given.",
);

const ruleFields = z.strictObject({
  id: alertId,
  app_id: appId.optional(),
  kinds: kinds.default(["missing"]),
  stage: stage.optional(),
  stage_events: stageEvents,
  after: stage.optional(),
  after_events: stageEvents,
  at_least: whole(
    1,
    atLeastMax,
    "Findings that open an incident; of `latency` and `drift` messages to be measured of. 1 unless given, of `latency` 20, of `drift` 100.",
  ).optional(),
  condition: condition.optional(),
  schedule: schedule.optional(),
  window: window.optional(),
  repeat: duration(
    { min: 60_000, max: 30 * day, off: true },
    "Between reminders of an active incident, or `off`; `4h` unless given.",
  ).default(repeatMsDefault),
  grow_factor: whole(
    1,
    growFactorMax,
    "See `grow_after`; 2 unless given. With 1 `grow_at_least` alone counts.",
  ).default(growthDefaults.growFactor),
  grow_at_least: whole(1, atLeastMax, "See `grow_after`; `at_least` unless given.").optional(),
  grow_after: duration(
    { min: 1_000, max: 30 * day, off: true },
    "An active incident is notified again where `grow_factor` times as many findings hold as at the last notification, and `grow_at_least` more, no sooner than this after it; and where `grow_at_least` are raised within the `window` after a quiet time, so long without any, once for each such burst. `off` for never, `5m` unless given.",
  ).default(growthDefaults.growAfterMs),
  sinks: list(alertId, ruleSinksMax, "ids of sinks"),
  over: window.optional().meta({ deprecated: true, description: "The former name of `window`." }),
});

/** A rule as REST and RPC take it; absent: every app and stage, `missing`, a count of one finding, one minute, four hours. */
export const ruleInput = ruleFields.transform(readRule);

/** One that is only tried needs neither an id nor sinks. */
export const previewRule = ruleFields
  .extend({
    id: alertId.default("preview"),
    sinks: list(alertId, ruleSinksMax, "ids of sinks").default(["preview"]),
  })
  .transform(readRule);

function readRule(
  { stage_events, after_events, ...input }: z.output<typeof ruleFields>,
  context: z.RefinementCtx,
): AlertRule {
  const { app_id, window, over, repeat, stage, after, condition, schedule, ...others } = input;
  const { at_least = condition === undefined ? 1 : atLeastDefaults[condition.type], ...rest } = others;
  const { grow_factor, grow_at_least = at_least, grow_after, ...same } = rest;
  if (condition !== undefined) checkCondition(condition, input, context);
  if (window !== undefined && over !== undefined) {
    const message = "is the former name of window: give one of them";
    context.addIssue({ code: "custom", path: ["over"], message });
  }
  return {
    ...same,
    ...defined({
      condition,
      schedule,
      appId: oneAppOrAll(app_id, context),
      stage: stageNamed("stage", stage, stage_events, context),
      after: stageNamed("after", after, after_events, context),
    }),
    atLeast: at_least,
    windowMs: window ?? over ?? windowMsDefault,
    repeatMs: repeat,
    growFactor: grow_factor,
    growAtLeast: grow_at_least,
    growAfterMs: grow_after,
  };
}

/** A rule as REST and RPC show it. */
const rule = z.strictObject({
  id: z.string(),
  app_id: z.string().nullable(),
  kinds: z.array(z.enum(findingKinds)),
  stage: z.string().nullable(),
  after: z.string().nullable(),
  stage_events: z.array(z.string()).optional(),
  after_events: z.array(z.string()).optional(),
  at_least: z.int(),
  condition: shownCondition.nullable(),
  schedule: shownSchedule.nullable(),
  window: z.string(),
  repeat: z.string(),
  grow_factor: z.int(),
  grow_at_least: z.int(),
  grow_after: z.string(),
  sinks: z.array(z.string()),
});

export const listRules = operation({
  name: "listAlertRules",
  summary: "Rules, by id, a page at a time: which findings open an incident, and which sinks are notified.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/alerts/rules",
  rpc: "mars.v1.AlertService/ListRules",
  command: "alerts rules list",
  input: z.strictObject({ limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ rules: z.array(rule), next_cursor: z.string().nullable() }),
  async handle({ reader }, { limit, cursor }, caller) {
    const page = { ...narrow(caller, undefined), limit, ...defined({ cursor }) };
    const { rules, nextCursor = null } = await reader(caller).alertRulePage(page);
    return { rules: rules.map(ruleToJson), next_cursor: nextCursor };
  },
});

export const getRule = operation({
  name: "getAlertRule",
  summary: "One rule; 404 when there is none with this id.",
  scope: "read",
  apps: "own",
  rest: "GET /api/alerts/rules/{id}",
  restAnswer: "rule",
  rpc: "mars.v1.AlertService/GetRule",
  command: "alerts rules get",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({ rule }),
  async handle({ reader }, { id }, caller) {
    const rule = found(await ruleWithId(reader(caller), id), "rule");
    found(mayRule(caller, rule) || undefined, "rule");
    return { rule: ruleToJson(rule) };
  },
});

export const putRule = operation({
  name: "putAlertRule",
  summary: "Create or replace a rule; at most 1,000.",
  scope: "write",
  apps: "own",
  rest: "PUT /api/alerts/rules/{id}",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/PutRule",
  command: "alerts rules put",
  input: ruleInput,
  output: z.strictObject({ rule }),
  async handle({ alerts, changes, reader }, wanted, caller, by) {
    assertApp(caller, wanted.appId, "write");
    const replaced = await ruleWithId(reader(caller), wanted.id);
    if (replaced !== undefined && !mayRule(caller, replaced)) {
      throw new MarsError("permission_denied", "a rule that this key is not for has this id: choose another");
    }
    await changes.run(caller, () => alerts.putRule(wanted, by));
    return { rule: ruleToJson(wanted) };
  },
});

export const deleteRule = operation({
  name: "deleteAlertRule",
  summary:
    "Delete a rule. Its incidents are closed, and the sinks that were notified of one are notified of that.",
  scope: "write",
  apps: "own",
  rest: "DELETE /api/alerts/rules/{id}",
  rpc: "mars.v1.AlertService/DeleteRule",
  command: "alerts rules delete",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({}),
  async handle({ alerts, changes, reader }, { id }, caller, by) {
    const known = found(await ruleWithId(reader(caller), id), "rule");
    // As where there is none: its id says nothing to who may not see it.
    found(mayRule(caller, known) || undefined, "rule");
    found((await changes.run(caller, () => alerts.deleteRule(id, by))) || undefined, "rule");
    return {};
  },
});

async function ruleWithId(reader: Pick<ApiReader, "alertRules">, id: string): Promise<AlertRule | undefined> {
  return (await reader.alertRules()).find((one) => one.id === id);
}

function mayRule({ identity }: Caller, { appId }: AlertRule): boolean {
  return appId === undefined ? identity.allApps : identity.mayApp(appId);
}
