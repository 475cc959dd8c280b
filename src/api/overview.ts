/** The overview: all that a dashboard shows first, in one call. */
import * as z from "zod";
import { formatTime, nowMicros } from "../core/time.ts";
import { overdueGroupPageToJson } from "../lifecycle/json.ts";
import { appPageToJson } from "../statistics/json.ts";
import { pulsesMax, spanOf, usualSpan } from "../statistics/pulse.ts";
import { incident, listed } from "./alert-incidents.ts";
import { count, ms, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { duration } from "./duration.ts";
import { appId, defined } from "./fields.ts";
import { finding, listFindings } from "./findings.ts";
import { type Operation, operation } from "./operation.ts";
import { messagesPath, newSinceOf, overdueGroup } from "./overdue-groups.ts";
import { app } from "./statistics.ts";

/** Apps that are looked at, those with the most trouble first. */
const appsMax = 200;
const incidentsShown = 5;
const incidentsMax = 100;
/** Hops whose new messages are counted by app. */
const groupsMax = 200;
const groupsShown = 30;
const findingsShown = 30;

const overviewApp = app.extend({
  new_overdue: count.meta({ description: "Of the overdue those that are new." }),
  p95_ms: ms.nullable().meta({ description: "From the first event to completion, of the window." }),
  p95_before_ms: ms.nullable().meta({ description: "The same of the window before." }),
  step_ms: ms
    .nullable()
    .meta({ description: "The length of each of the steps; null where they were not read." }),
  event_steps: z.array(count).meta({ description: "Events in each step; the last one holds the clock." }),
  finding_steps: z
    .array(count)
    .meta({ description: "Findings that were raised in each step; 1,000 at most." }),
});

export const getOverview = operation({
  name: "getOverview",
  summary:
    "What is wrong now: active incidents, apps with the most trouble first, what is stuck by hop, the latest findings.",
  scope: "read",
  // Narrowed, too, but its answer has something else by that name.
  apps: "own",
  rest: "GET /api/overview",
  rpc: "mars.v1.LifecycleService/GetOverview",
  command: "overview",
  input: z.strictObject({
    app_id: appId.optional(),
    new_within: duration(
      { min: 60_000, max: 86_400_000 },
      "What was due within so long before now is new; by whole minutes. `15m` by default.",
    ).optional(),
    window: duration(
      { min: 900_000, max: 604_800_000 },
      "How far each app's p95 and steps look back, by whole minutes. By default p95 an hour, and the steps a day.",
    ).optional(),
  }),
  output: z.strictObject({
    clock: timestamp,
    active_incidents: count.meta({ description: "Up to 100." }),
    incidents: z.array(incident),
    incident_seq: count.meta({
      description: "The last change of any incident that counts here: topics of incidents go on behind it.",
    }),
    overdue: count,
    new_overdue: count,
    apps: z.array(overviewApp),
    partial: z
      .literal(true)
      .optional()
      .meta({ description: "There are more than 200 apps, and those behind were not looked at." }),
    limited_to: z
      .array(z.string())
      .optional()
      .meta({ description: "The apps that it is limited to, where the key is not for every app." }),
    groups: z.array(overdueGroup),
    findings: z.array(finding),
    as_of_seq: z.int().meta({ description: "Every event up to here is reflected in the answer." }),
  }),
  async handle(parts, { app_id, new_within, window }, caller) {
    const run = <Answer>(one: Operation, input: object) =>
      one.run(parts, { ...input, ...defined({ app_id }) }, caller) as Promise<Answer>;
    const asOfSeq = parts.projected.storedSeq;
    const read = parts.reader(caller);
    const own = narrow(caller, app_id);
    const clock = nowMicros();
    const groupQuery = { ...own, newSince: newSinceOf(clock, new_within), triage: "any", clock } as const;
    const [groups, incidents, findings] = await Promise.all([
      read.overdueGroups({ ...groupQuery, limit: groupsMax, detailed: groupsShown }),
      read.alertIncidents({ ...own, state: "active", limit: incidentsShown, countMax: incidentsMax }),
      run<{ findings: z.output<typeof finding>[] }>(listFindings, { limit: findingsShown }),
    ]);
    const shownIncidents = await listed(read, parts.alerts, incidents.incidents);
    const page = await read.apps({ ...own, limit: appsMax });
    const apps = appPageToJson(page, asOfSeq);
    const { allApps, apps: limitedTo } = caller.identity;
    const detailed = { ...groups, groups: groups.groups.slice(0, groupsShown) };
    const newOf = new Map<string, number>();
    for (const { appId, fresh } of groups.groups) newOf.set(appId, (newOf.get(appId) ?? 0) + fresh);
    const sorted = apps.apps.toSorted(
      (a, b) =>
        (newOf.get(b.app_id) ?? 0) - (newOf.get(a.app_id) ?? 0) ||
        b.messages.overdue - a.messages.overdue ||
        compareTimes(b.last_event_at, a.last_event_at),
    );
    const shown = sorted.slice(0, pulsesMax).map(({ app_id }) => app_id);
    const span = window === undefined ? usualSpan : spanOf(window * 1_000);
    const pulses = new Map((await read.pulses(shown, clock, span)).map((one) => [one.appId, one]));
    const sum = (counts: Iterable<number>) => [...counts].reduce((all, one) => all + one, 0);
    return {
      clock: formatTime(clock),
      active_incidents: incidents.count ?? 0,
      incidents: shownIncidents,
      incident_seq: incidents.incidentSeq,
      overdue: sum(sorted.map(({ messages }) => messages.overdue)),
      new_overdue: sum(newOf.values()),
      apps: sorted.map((one) => {
        const pulse = pulses.get(one.app_id);
        return {
          ...one,
          new_overdue: newOf.get(one.app_id) ?? 0,
          p95_ms: pulse?.p95 === undefined ? null : pulse.p95 / 1_000,
          p95_before_ms: pulse?.p95Before === undefined ? null : pulse.p95Before / 1_000,
          step_ms: pulse === undefined ? null : span.step / 1_000,
          event_steps: [...(pulse?.events ?? [])],
          finding_steps: [...(pulse?.findings ?? [])],
        };
      }),
      ...(!allApps && app_id === undefined && { limited_to: [...limitedTo] }),
      ...(apps.next_cursor !== null && { partial: true as const }),
      groups: overdueGroupPageToJson(detailed, groupQuery, messagesPath, asOfSeq).groups,
      findings: findings.findings,
      as_of_seq: asOfSeq,
    };
  },
});

function compareTimes(a: string | null, b: string | null): number {
  return a === b ? 0 : (a ?? "") < (b ?? "") ? -1 : 1;
}
