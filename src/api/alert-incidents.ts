/** The operations on incidents: what the rules have found, and for how long. */
import * as z from "zod";
import { assigneeBytesMax } from "../alerting/care-limits.ts";
import { type Figures, figureGroupOf, listCountMax } from "../alerting/figures.ts";
import { figuresToJson } from "../alerting/figures-json.ts";
import { countsFindings, type Incident, incidentState, type StoredIncident } from "../alerting/incident.ts";
import { incidentToJson } from "../alerting/json.ts";
import type { Caller } from "../core/caller.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import { alertIdFilter, alertPageEnd, figures, found, incidentKinds } from "./alert-fields.ts";
import { count, stageNames, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { appId, cursor, defined, field, flag, limit, text, whole } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import type { ApiParts, ApiReader } from "./parts.ts";

/** An incident. */
export const incident = z.strictObject({
  id: count,
  seq: count.meta({
    description: "The place of its last change: its topic `incidents/{id}` goes on behind it.",
  }),
  rule: z.string(),
  app_id: z.string(),
  kind: z.enum(incidentKinds),
  ...stageNames,
  state: z.enum(["active", "resolved", "closed"]),
  reason: z
    .enum(["messages_deleted", "closed_by_people", "abandoned", "rule_deleted", "rule_changed"])
    .nullable()
    .meta({ description: "Why it was closed without being resolved." }),
  silenced: z.boolean(),
  silenced_until: timestamp.nullable().meta({
    description: "Until when silences hold its notifications back; null where none does.",
  }),
  text: z.string().nullable(),
  opened_at: timestamp,
  last_raised_at: timestamp,
  notified_at: timestamp.nullable(),
  reopened_at: timestamp.nullable(),
  closed_at: timestamp.nullable(),
  figures: figures.nullable().meta({
    description: "Of this moment, while it is active. Deliveries have those that were sent.",
  }),
  acknowledged_at: timestamp.nullable(),
  acknowledged_by: z.string().nullable(),
  assigned_to: z.string().nullable(),
  snoozed_until: timestamp.nullable(),
  note_count: count,
});

const note = z.strictObject({ at: timestamp, who: z.string(), text: z.string() });

/** One incident, with what people have written. */
export const caredFor = incident.extend({ notes: z.array(note).meta({ description: "In their order." }) });

const states = ["active", "resolved", "closed", "any"] as const;

/** `over` is the former name of `resolved`, and still accepted. */
const state = field<(typeof states)[number]>({ type: "string", enum: states }, (value) => {
  const known = states.find((one) => one === (value === "over" ? "resolved" : value));
  return known === undefined ? { problem: `must be one of ${states.join(", ")}` } : { value: known };
});

export const listIncidents = operation({
  name: "listAlertIncidents",
  summary: "Incidents by filter, a page at a time: the active ones, then the latest that ended.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/alerts/incidents",
  rpc: "mars.v1.AlertService/ListIncidents",
  command: "alerts incidents",
  input: z.strictObject({
    app_id: appId.optional(),
    rule: alertIdFilter.optional(),
    state: state.default("any"),
    acknowledged: flag("Whether it is acknowledged.").optional(),
    assigned_to: text(assigneeBytesMax, "Who takes care of it.").optional(),
    limit,
    cursor: cursor.optional(),
  }),
  output: z.strictObject({
    incidents: z.array(incident),
    ...alertPageEnd,
    incident_seq: count.meta({
      description: "The last change of any incident that counts here: topics of incidents go on behind it.",
    }),
  }),
  async handle({ reader, alerts }, { app_id, assigned_to: assignedTo, ...wanted }, caller) {
    const { state, limit, ...filters } = wanted;
    const query = { ...narrow(caller, app_id), ...defined({ ...filters, assignedTo }), state, limit };
    const read = reader(caller);
    const { incidents, nextCursor = null, asOfSeq, incidentSeq } = await read.alertIncidents(query);
    if (app_id !== undefined && incidents.length === 0) await assertApp(read, app_id);
    return {
      incidents: await listed(read, alerts, incidents),
      next_cursor: nextCursor,
      as_of_seq: asOfSeq,
      incident_seq: incidentSeq,
    };
  },
});

/** Incidents as lists show them: each with the figures of this moment, counted as far as the list allows. */
export async function listed(
  read: Pick<ApiReader, "alertFigures" | "alertRules">,
  alerts: Pick<ApiParts["alerts"], "measured">,
  incidents: readonly StoredIncident[],
): Promise<z.input<typeof incident>[]> {
  const max = listCountMax(incidents.length);
  const known = await figuresOf(read, alerts, incidents, max);
  return incidents.map((one) => incidentJson(one, known.get(one.id), max));
}

export const getIncident = operation({
  name: "getAlertIncident",
  summary: "One incident, with its figures of this moment; 404 when there is none with this id.",
  scope: "read",
  apps: "own",
  rest: "GET /api/alerts/incidents/{id}",
  restAnswer: "incident",
  rpc: "mars.v1.AlertService/GetIncident",
  command: "alerts incident",
  input: z.strictObject({ id: whole(1, Number.MAX_SAFE_INTEGER) }),
  output: z.strictObject({ incident: caredFor }),
  async handle({ reader, alerts }, { id }, caller) {
    const read = reader(caller);
    return { incident: await shownIncident(read, alerts, await incidentOf(read, id, caller)) };
  },
});

/** @throws `MarsError("not_found")` where there is none that the caller may see */
export async function incidentOf(
  read: Pick<ApiReader, "alertIncident">,
  id: number,
  caller: Caller,
): Promise<StoredIncident> {
  const one = found(await read.alertIncident(id), "incident");
  found(caller.identity.mayApp(one.appId) || undefined, "incident");
  return one;
}

/** The incident with its figures of this moment, and its notes. */
export async function shownIncident(
  read: Pick<ApiReader, "alertFigures" | "alertRules" | "alertHopP99s" | "alertNotes">,
  alerts: Pick<ApiParts["alerts"], "measured">,
  one: StoredIncident,
): Promise<z.input<typeof caredFor>> {
  const known = (await figuresOf(read, alerts, [one])).get(one.id);
  const notes = (await read.alertNotes(one.id)).map(({ at, ...note }) => ({ at: formatTime(at), ...note }));
  if (known === undefined || !countsFindings(one)) return { ...incidentJson(one, known), notes };
  const [hopP99] = await read.alertHopP99s([one], nowMicros());
  return { ...incidentJson(one, { ...known, ...defined({ hopP99 }) }), notes };
}

/** The figures of the active ones, by id. @param max see `alertFigures` */
async function figuresOf(
  read: Pick<ApiReader, "alertFigures" | "alertRules">,
  alerts: Pick<ApiParts["alerts"], "measured">,
  incidents: readonly Incident[],
  max?: number,
): Promise<Map<number, Figures>> {
  const active = incidents.filter((one) => incidentState(one) === "active");
  const measured = active.flatMap((one): [number, Figures][] => {
    const figures = countsFindings(one) ? undefined : alerts.measured(one);
    return figures === undefined ? [] : [[one.id, figures]];
  });
  const counted = active.filter(countsFindings);
  if (counted.length === 0) return new Map(measured);
  const rules = new Map((await read.alertRules()).map((rule) => [rule.id, rule]));
  const now = nowMicros();
  const groups = counted.map((one) => figureGroupOf(one, rules.get(one.rule), now));
  const figures = await read.alertFigures(groups, max);
  return new Map([
    ...measured,
    ...counted.flatMap(({ id }, index): [number, Figures][] => {
      const known = figures[index];
      return known === undefined ? [] : [[id, known]];
    }),
  ]);
}

function incidentJson(
  shown: StoredIncident,
  figures: Figures | undefined,
  max?: number,
): z.input<typeof incident> {
  return {
    ...incidentToJson(shown),
    figures: figures === undefined ? null : figuresToJson(figures, shown.kind, max),
  };
}
