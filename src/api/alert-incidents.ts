/** The operation on incidents: what the rules have found, and for how long. */
import * as z from "zod";
import type { Incident } from "../alerting/incident.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime } from "../core/time.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { alertIdFilter, alertPageEnd, timeOrNull } from "./alert-fields.ts";
import { count, stageNames, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { appId, cursor, defined, field, limit } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";

const incident = z.strictObject({
  id: count,
  rule: z.string(),
  app_id: z.string(),
  kind: z.enum(findingKinds),
  ...stageNames,
  state: z.enum(["active", "resolved"]),
  silenced: z.boolean(),
  text: z.string().nullable(),
  opened_at: timestamp,
  last_raised_at: timestamp,
  notified_at: timestamp.nullable(),
  closed_at: timestamp.nullable(),
});

const states = ["active", "resolved", "any"] as const;

/** `over` is the former name of `resolved`, and still accepted. */
const state = field<(typeof states)[number]>({ type: "string", enum: states }, (value) => {
  const known = states.find((one) => one === (value === "over" ? "resolved" : value));
  return known === undefined ? { problem: `must be one of ${states.join(", ")}` } : { value: known };
});

export const listIncidents = operation({
  name: "listAlertIncidents",
  summary: "Incidents by filter, a page at a time: the active ones, then the latest resolved.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/alerts/incidents",
  rpc: "mars.v1.AlertService/ListIncidents",
  command: "alerts incidents",
  input: z.strictObject({
    app_id: appId.optional(),
    rule: alertIdFilter.optional(),
    state: state.default("any"),
    limit,
    cursor: cursor.optional(),
  }),
  output: z.strictObject({ incidents: z.array(incident), ...alertPageEnd }),
  async handle({ reader }, { app_id, rule, state, limit, cursor }, caller) {
    const query = { ...narrow(caller, app_id), ...defined({ rule, cursor }), state, limit };
    const read = reader(caller);
    const { incidents, nextCursor = null, asOfSeq } = await read.alertIncidents(query);
    if (app_id !== undefined && incidents.length === 0) await assertApp(read, app_id);
    return { incidents: incidents.map(incidentJson), next_cursor: nextCursor, as_of_seq: asOfSeq };
  },
});

function incidentJson(shown: Incident): z.input<typeof incident> {
  return {
    id: shown.id,
    rule: shown.rule,
    app_id: shown.appId,
    kind: shown.kind,
    ...stageToJson(shown.stage, shown.after),
    state: shown.closedAt === 0 ? "active" : "resolved",
    silenced: shown.silenced,
    text: shown.text === "" ? null : shown.text,
    opened_at: formatTime(shown.openedAt),
    last_raised_at: formatTime(shown.lastRaisedAt),
    notified_at: timeOrNull(shown.notifiedAt),
    closed_at: timeOrNull(shown.closedAt),
  };
}
