/** The operations on silences: which incidents are not notified, and until when. */
import * as z from "zod";
import { silenceToJson } from "../alerting/json.ts";
import type { AlertSilence } from "../alerting/silence.ts";
import { listLimitMax, smallBodyBytesMax } from "../core/limits.ts";
import { nowMicros, parseTime } from "../core/time.ts";
import { alertId, alertIdFilter, found, incidentKinds, oneAppOrAll, settingLimit } from "./alert-fields.ts";
import { count, timestamp } from "./answers.ts";
import { assertApp, narrow } from "./app-scope.ts";
import { duration } from "./duration.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import { appId, cursor, defined, field, stage, text, whole, word } from "./fields.ts";
import { operation } from "./operation.ts";
import type { ApiReader } from "./parts.ts";

const silenceMsMax = 366 * 86_400_000;
const commentBytesMax = 1_024;

/** A time ahead; no duration, which would be a time before now as everywhere else. */
const end = field<number>({ type: "string", format: "date-time" }, (value) => {
  const until = typeof value === "string" ? parseTime(value) : "must be an RFC 3339 time";
  if (typeof until === "string") return { problem: until };
  const now = nowMicros();
  const ahead = until > now && until <= now + silenceMsMax * 1_000;
  return ahead ? { value: until } : { problem: "must be in the future, and within 366 days" };
});

/** A silence as REST and RPC take it; without any of the first four members it matches every incident. */
export const silenceInput = z
  .strictObject({
    name: alertId.optional().meta({ description: "Replaces the one that has this name." }),
    app_id: appId.optional(),
    rule: alertIdFilter.optional(),
    stage: stage.optional(),
    stage_events: stageEvents,
    kind: word(incidentKinds).optional(),
    until: end.optional(),
    for: duration({ min: 1_000, max: silenceMsMax }, "Instead of `until`: from now on.").optional(),
    comment: text(commentBytesMax).optional(),
  })
  .transform(
    (
      { name, app_id, rule, stage, stage_events, kind, comment, ...fields },
      context,
    ): Omit<AlertSilence, "id"> => {
      const now = nowMicros();
      if ((fields.until === undefined) === (fields.for === undefined)) {
        context.addIssue({ code: "custom", path: ["until"], message: "or for must be given, and not both" });
      }
      return {
        ...defined({
          name,
          appId: oneAppOrAll(app_id, context),
          rule,
          kind,
          stage: stageNamed("stage", stage, stage_events, context),
        }),
        until: fields.until ?? now + (fields.for ?? 0) * 1_000,
        createdAt: now,
        comment: comment ?? "",
      };
    },
  );

/** A silence as REST and RPC show it. */
const silence = z.strictObject({
  id: count,
  name: z.string().nullable(),
  app_id: z.string().nullable(),
  rule: z.string().nullable(),
  stage: z.string().nullable(),
  stage_events: z.array(z.string()).optional(),
  kind: z.enum(incidentKinds).nullable(),
  comment: z.string().nullable(),
  created_at: timestamp,
  until: timestamp,
  active: z.boolean(),
});

export const listSilences = operation({
  name: "listAlertSilences",
  summary: "Silences, the latest first, a page at a time: what is not notified, and until when.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/alerts/silences",
  rpc: "mars.v1.AlertService/ListSilences",
  command: "alerts silences list",
  input: z.strictObject({ limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ silences: z.array(silence), next_cursor: z.string().nullable() }),
  async handle({ reader }, { limit, cursor }, caller) {
    const now = nowMicros();
    const page = { ...narrow(caller, undefined), limit, ...defined({ cursor }) };
    const { silences, nextCursor = null } = await reader(caller).alertSilences(page);
    return { silences: silences.map((one) => silenceToJson(one, now)), next_cursor: nextCursor };
  },
});

export const createSilence = operation({
  name: "createAlertSilence",
  summary:
    "Create a silence, or replace the one of its name; it ends at `until`, or `for` from now. At most 1,000 that have not ended.",
  scope: "write",
  apps: "own",
  rest: "POST /api/alerts/silences",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/CreateSilence",
  command: "alerts silences create",
  input: silenceInput,
  output: z.strictObject({ silence }),
  async handle({ alerts, changes, reader }, wanted, caller, by) {
    assertApp(caller, wanted.appId, "write");
    if (wanted.name !== undefined) {
      const known = await findSilence(reader(caller), ({ name }) => name === wanted.name);
      if (known !== undefined) assertApp(caller, known.appId, "write");
    }
    const created = await changes.run(caller, () => alerts.addSilence(wanted, by));
    return { silence: silenceToJson(created, wanted.createdAt) };
  },
});

export const deleteSilence = operation({
  name: "deleteAlertSilence",
  summary: "Delete a silence; 404 when there is none with this id.",
  scope: "write",
  apps: "own",
  rest: "DELETE /api/alerts/silences/{id}",
  rpc: "mars.v1.AlertService/DeleteSilence",
  command: "alerts silences delete",
  input: z.strictObject({ id: whole(1, Number.MAX_SAFE_INTEGER) }),
  output: z.strictObject({}),
  async handle({ alerts, changes, reader }, { id }, caller, by) {
    const { appId } = found(await findSilence(reader(caller), (one) => one.id === id), "silence");
    const { allApps, mayApp } = caller.identity;
    // As where there is none: its id says nothing to who may not see it.
    found(allApps || (appId !== undefined && mayApp(appId)) || undefined, "silence");
    found((await changes.run(caller, () => alerts.deleteSilence(id, by))) || undefined, "silence");
    return {};
  },
});

async function findSilence(
  reader: Pick<ApiReader, "alertSilences">,
  wanted: (one: AlertSilence) => boolean,
): Promise<AlertSilence | undefined> {
  let cursor: string | undefined;
  do {
    const page = await reader.alertSilences({ limit: listLimitMax, ...defined({ cursor }) });
    const known = page.silences.find(wanted);
    if (known !== undefined) return known;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return undefined;
}
