/** The operation that says what a rule would have sent. */
import * as z from "zod";
import { figuresToJson } from "../alerting/figures-json.ts";
import { previewNotificationsMax } from "../alerting/preview/preview-limits.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import { figures, incidentKinds } from "./alert-fields.ts";
import { previewRule } from "./alert-rules.ts";
import { count, stageNames, timestamp } from "./answers.ts";
import { assertApp } from "./app-scope.ts";
import { time } from "./fields.ts";
import { operation } from "./operation.ts";

const day = 86_400_000_000;
const daysMax = 30;

const hop = { app_id: z.string(), kind: z.enum(incidentKinds), ...stageNames };

const previewInput = z
  .strictObject({
    rule: previewRule,
    since: time("From here on: at most 30 days before now, 7 days unless given.").optional(),
  })
  .transform(({ rule, since }, context) => {
    const until = nowMicros();
    const window = { since: since ?? until - 7 * day, until };
    const fault =
      window.since >= until
        ? "must be before now"
        : until - window.since > daysMax * day + day / 24
          ? "must be at most 30 days ago"
          : undefined;
    if (fault !== undefined) context.addIssue({ code: "custom", path: ["since"], message: fault });
    return { rule, window };
  });

export const previewAlertRule = operation({
  name: "previewAlertRule",
  summary:
    "Say what a rule would have sent since then, by the findings and counts that are stored; nothing is changed.",
  scope: "read",
  apps: "own",
  rest: "POST /api/alerts/rules/preview",
  body: { bytesMax: smallBodyBytesMax },
  slow: true,
  rpc: "mars.v1.AlertService/PreviewRule",
  command: "alerts rules preview",
  input: previewInput,
  output: z.strictObject({
    since: timestamp,
    until: timestamp,
    partial: z
      .boolean()
      .meta({ description: "There was too much to look at: it is about less than was asked for." }),
    notifications: z
      .array(z.strictObject({ at: timestamp, type: z.string(), text: z.string(), ...hop, figures }))
      .meta({ description: `The first ${previewNotificationsMax}.` }),
    notifications_total: count,
    incidents: count,
    noisiest: z.strictObject({ ...hop, notifications: count }).nullable(),
    unknown: z.array(z.string()).meta({ description: "What cannot be known of the past." }),
  }),
  async handle({ trials }, { rule, window }, caller) {
    assertApp(caller, rule.appId, "read");
    const { since, until, partial, notifications, count, incidents, noisiest } = await trials.preview(
      rule,
      window,
      caller,
    );
    return {
      since: formatTime(since),
      until: formatTime(until),
      partial,
      notifications: notifications.map(({ at, type, text, appId, kind, stage, after, figures }) => ({
        at: formatTime(at),
        type,
        text,
        app_id: appId,
        kind,
        ...stageToJson(stage, after),
        figures: figuresToJson(figures, kind),
      })),
      notifications_total: count,
      incidents,
      noisiest:
        noisiest === undefined
          ? null
          : {
              app_id: noisiest.appId,
              kind: noisiest.kind,
              ...stageToJson(noisiest.stage, noisiest.after),
              notifications: noisiest.count,
            },
      unknown: unknownOf(rule.condition?.type),
    };
  },
});

function unknownOf(type: string | undefined): string[] {
  const all = [
    "findings that were raised again count once, from the last time on; those of deleted messages are gone",
    "silences, and care for incidents, are left out; so is why messages are not missing any more",
  ];
  if (type === "share" || type === "latency") all.push("hops are known by whole minutes");
  if (type === "absence")
    all.push("events are known by the minute in which they happened; the time that Mars was away counts");
  if (type === "drift") all.push("events that came after a look count in it");
  return all;
}
