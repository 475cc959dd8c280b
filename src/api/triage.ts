/** Triage: people acknowledge, resolve or ignore what Mars has found. */
import * as z from "zod";
import { incidentState } from "../alerting/incident.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import {
  noteBytesMax,
  type TriageChange,
  type TriageFinding,
  type TriagePage,
  type TriageSelection,
  triageActions,
  triageCountMax,
  triageMax,
  triagePickedMax,
} from "../lifecycle/triage.ts";
import { found, list } from "./alert-fields.ts";
import { count, stageNames, timestamp } from "./answers.ts";
import { assertApp, narrow } from "./app-scope.ts";
import { assertIndexed, attributes } from "./attribute-filter.ts";
import { duration } from "./duration.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import { appId, defined, messageId, since, stage, text, time, until, whole, word } from "./fields.ts";
import { operation } from "./operation.ts";
import type { ApiReader } from "./parts.ts";
import { overdueTriage } from "./triage-filters.ts";

const id = whole(1, Number.MAX_SAFE_INTEGER);
/** Pages of a scan of one call. Beyond them the filter is refused as too wide. */
const pagesMax = 200;
const samplesMax = 10;

const group = z
  .strictObject({
    app_id: appId,
    kind: word(findingKinds).default("missing"),
    stage: stage.optional(),
    stage_events: stageEvents,
    after: z.union([z.literal(""), z.null(), stage]).optional(),
    after_events: stageEvents,
    due_since: time("Was due from here on, inclusive.").optional(),
    due_until: time("Was due up to here, exclusive.").optional(),
    triage: overdueTriage.optional(),
    attributes: attributes.optional(),
  })
  .transform(({ stage_events, after_events, stage, after, due_since, due_until, ...input }, context) => {
    const name = stageNamed("stage", stage, stage_events, context);
    const before = stageNamed("after", after ?? undefined, after_events, context);
    if (name === undefined) {
      context.issues.push({ code: "custom", path: ["stage"], message: "is required", input: stage });
    }
    return {
      ...input,
      stage: name,
      after: before ?? (after === null ? "" : undefined),
      dueSince: due_since,
      dueBefore: due_until,
    };
  });

const filter = z
  .strictObject({
    app_id: appId.optional(),
    kind: word(findingKinds).optional(),
    stage: stage.optional(),
    stage_events: stageEvents,
    since: since.optional(),
    until: until.optional(),
    overdue_for: duration({ min: 1, max: 366 * 86_400_000 }, "Due for so long or longer.").optional(),
    attributes: attributes.optional(),
  })
  .transform(({ stage_events, stage, ...input }, context) => ({
    ...input,
    stage: stageNamed("stage", stage, stage_events, context),
  }));

const input = z
  .strictObject({
    action: word(triageActions, "`clear` takes the mark away."),
    until: word(
      ["recurs", "always"],
      "Of `ignore`: until the stage is due at another time (the default), or for this stage of these messages for good.",
    ).optional(),
    note: text(noteBytesMax, "Why.").optional(),
    dry_run: z.boolean().default(false).meta({ description: "Only say what would be changed." }),
    finding: id.optional(),
    findings: list(id, triagePickedMax, "ids of findings").optional(),
    app_id: appId.optional(),
    message_id: messageId.optional(),
    incident: id.optional(),
    group: group.optional().meta({
      description: "What is active of one app, kind and hop, by the filters of the list of what is overdue.",
    }),
    filter: filter
      .optional()
      .meta({ description: "By app, kind, stage, time and attributes, as in the list of findings." }),
  })
  .superRefine(({ action, until, app_id, message_id, finding, findings, ...others }, context) => {
    const report = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    const { incident, group, filter } = others;
    const selections = [finding, findings, app_id ?? message_id, incident, group, filter];
    const given = selections.filter((one) => one !== undefined);
    if (given.length !== 1) {
      report("finding", "or findings, app_id with message_id, incident, group or filter: give one of them");
    } else if ((app_id === undefined) !== (message_id === undefined)) {
      report("message_id", "and app_id must be given together");
    }
    if (until !== undefined && action !== "ignore") report("until", "is of ignore alone");
  });

type Input = z.output<typeof input>;

export const triageFindings = operation({
  name: "triageFindings",
  summary:
    "Acknowledge, resolve or ignore findings: one, some by their ids, those of a message, an incident, a group, or by filter; at most 10,000 in a call.",
  scope: "write",
  apps: "own",
  rest: "POST /api/triage",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.TriageService/TriageFindings",
  command: "triage",
  input,
  output: z.strictObject({
    matched: count,
    changed: count.meta({ description: "How many of them have another mark than before." }),
    dry_run: z.boolean(),
    applied: z.boolean().meta({
      description: "Whether lists, counts and states have it already. Where not, they will a moment later.",
    }),
    samples: z.array(
      z.strictObject({
        id: z.int(),
        app_id: z.string(),
        message_id: z.string(),
        kind: z.enum(findingKinds),
        ...stageNames,
        due_at: timestamp,
      }),
    ),
    seq: z.int().meta({ description: "Every change of a finding up to here counts." }),
  }),
  async handle({ reader, triage, changes, alerts }, input, caller, by) {
    const read = reader(caller);
    const change: TriageChange = {
      action: input.action,
      ...defined({ until: input.until, note: input.note }),
    };
    const { target, selection } = await selectionOf(input, read, caller);
    await assertIndexed(read, selection.appId, selection.attributes);
    const findings = await findAll(read, { target, selection }, change);
    if (target === "finding") found(findings.length > 0 || undefined, "finding");
    const ids = findings.map(({ id }) => id);
    const changing = findings.filter(({ changes }) => changes).length;
    const about = { target, appId: selection.appId, selection: aboutOf(input) };
    const changed =
      input.dry_run || changing === 0
        ? changing
        : await changes.run(caller, () => triage.mark(ids, change, about, by));
    const { incident } = input;
    // Who cares for all that it counts cares for the incident.
    if (incident !== undefined && input.action === "acknowledge" && !input.dry_run) {
      const one = await read.alertIncident(incident);
      if (one !== undefined && incidentState(one) === "active")
        await changes.run(caller, () => alerts.care(incident, { type: "acknowledge" }, by));
    }
    const { applied, seq } = await triage.applied(input.dry_run ? [] : ids);
    return {
      matched: findings.length,
      changed,
      dry_run: input.dry_run,
      applied: applied && !input.dry_run,
      samples: findings.slice(0, samplesMax).map(sampleJson),
      seq,
    };
  },
});

/** @throws `MarsError` for what the caller has no rights for, or is not there */
async function selectionOf(
  { finding, findings, app_id, message_id, incident, group, filter }: Input,
  read: Pick<ApiReader, "alertIncident">,
  caller: Caller,
): Promise<{ target: string; selection: TriageSelection }> {
  const mine = narrow(caller, undefined);
  if (finding !== undefined) return { target: "finding", selection: { findings: [finding], ...mine } };
  if (findings !== undefined) return { target: "findings", selection: { findings, ...mine } };
  if (app_id !== undefined && message_id !== undefined) {
    assertApp(caller, app_id, "write");
    return { target: "message", selection: { appId: app_id, messageId: message_id } };
  }
  if (incident !== undefined) {
    const {
      appId,
      kind: name,
      stage,
      after,
      versions,
      countedFrom,
    } = found(await read.alertIncident(incident), "incident");
    found(caller.identity.mayApp(appId) || undefined, "incident");
    const kind = findingKinds.find((one) => one === name);
    if (kind === undefined) throw noFindings(name);
    return { target: "incident", selection: { appId, kind, stage, after, versions, since: countedFrom } };
  }
  if (group !== undefined) {
    const { app_id: appId, kind, stage = "", triage, ...rest } = group;
    assertApp(caller, appId, "write");
    const marked =
      triage === undefined || triage === "any" ? {} : { acknowledged: triage === "acknowledged" };
    return { target: "group", selection: { appId, kind, stage, ...defined(rest), ...marked } };
  }
  const { app_id: appId, overdue_for, ...rest } = filter ?? {};
  if (appId !== undefined) assertApp(caller, appId, "write");
  const dueUntil = overdue_for === undefined ? undefined : nowMicros() - overdue_for * 1_000;
  return { target: "filter", selection: { ...narrow(caller, appId), ...defined({ ...rest, dueUntil }) } };
}

/** @throws `MarsError("invalid_argument")` where they are too many */
async function findAll(
  read: Pick<ApiReader, "triageFindings">,
  { target, selection }: { readonly target: string; readonly selection: TriageSelection },
  change: TriageChange,
): Promise<readonly TriageFinding[]> {
  const findings: TriageFinding[] = [];
  let known = 0;
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    const page: TriagePage = await read.triageFindings({ ...selection, change, ...defined({ cursor }) });
    known = page.count ?? known + page.findings.length;
    if (findings.length <= triageMax) findings.push(...page.findings);
    cursor = page.nextCursor;
    if (known > triageMax && (cursor === undefined || known > triageCountMax || pages >= pagesMax)) {
      const least = cursor !== undefined || known > triageCountMax;
      throw tooMany(target, least ? `more than ${Math.min(known, triageCountMax)}` : String(known));
    }
    if (cursor === undefined) return findings;
    if (pages >= pagesMax) {
      throw tooMany(target, `${known} of the first million`);
    }
  }
}

function noFindings(kind: string): MarsError {
  const message = `is one of the kind ${kind}, which counts no findings`;
  return new MarsError("invalid_argument", `incident ${message}`, {
    problems: [{ field: "incident", message }],
  });
}

function tooMany(target: string, count: string): MarsError {
  const message = `${count} findings match, and a call takes ${triageMax} at most: select fewer`;
  return new MarsError("invalid_argument", message, {
    problems: [{ field: target === "message" ? "message_id" : target, message }],
  });
}

/** The selection for the audit, which must not name a message. */
function aboutOf({ finding, findings, incident, group, filter }: Input): object {
  return defined({ finding, findings: findings?.length, incident, group, filter });
}

function sampleJson({ id, appId, messageId, kind, stage, after, dueAt }: TriageFinding) {
  return {
    id,
    app_id: appId,
    message_id: messageId,
    kind,
    ...stageToJson(stage, after),
    due_at: formatTime(dueAt),
  };
}
