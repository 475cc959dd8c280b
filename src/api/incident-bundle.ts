/** All that is known of an incident in one answer, to be kept or passed on. */
import * as z from "zod";
import { incidentState } from "../alerting/incident.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { lifecycleToJson } from "../lifecycle/json.ts";
import { appPageToJson } from "../statistics/json.ts";
import { delivery, listDeliveries } from "./alert-deliveries.ts";
import { caredFor, incidentOf, shownIncident } from "./alert-incidents.ts";
import { timestamp } from "./answers.ts";
import { whole } from "./fields.ts";
import { finding, listFindings } from "./findings.ts";
import { version } from "./lifecycles.ts";
import { messageAnswer } from "./message-answers.ts";
import { getMessage } from "./messages.ts";
import { type Operation, operation } from "./operation.ts";
import { app } from "./statistics.ts";

const deliveriesMax = 200;
const findingsMax = 500;
/** Versions of the lifecycle that its findings go by, the latest. */
const versionsMax = 5;
/** UTF-16 units of the messages with their events; by RPC fewer, as for one message. */
const messageCharsMax = 8 * 1024 * 1024;
const rpcMessageCharsMax = 512 * 1024;

type FindingJson = z.output<typeof finding>;
type MessageJson = z.output<typeof messageAnswer>;

const cut = (what: string) =>
  z
    .literal(true)
    .optional()
    .meta({ description: `There are more ${what}.` });

export const getIncidentBundle = operation({
  name: "getAlertIncidentBundle",
  summary:
    "An incident with all that was sent about it, its findings and messages with their events, the lifecycle that they go by, and its app's counts; 404 when there is none with this id.",
  scope: "read",
  apps: "own",
  rest: "GET /api/alerts/incidents/{id}/bundle",
  rpc: "mars.v1.AlertService/GetIncidentBundle",
  command: "alerts bundle",
  input: z.strictObject({
    id: whole(1, Number.MAX_SAFE_INTEGER),
    messages: whole(1, 100, "How many of its messages there are in the answer.").default(25),
    events: whole(1, 1_000, "How many events each of them has, the latest first.").default(200),
  }),
  output: z.strictObject({
    made_at: timestamp,
    incident: caredFor,
    deliveries: z.array(delivery).meta({ description: "The latest first; 200 at most." }),
    deliveries_partial: cut("deliveries"),
    findings: z.array(finding).meta({
      description:
        "Those that hold, and those that were raised while it lasted; the latest first, 500 at most.",
    }),
    findings_partial: cut("findings"),
    messages: z.array(messageAnswer).meta({ description: "Those of the findings, in their order." }),
    messages_partial: cut("messages"),
    lifecycles: z
      .array(version)
      .meta({ description: "That its findings go by, the latest first; 5 at most." }),
    counts: app.nullable().meta({ description: "Of its app, of this moment." }),
  }),
  async handle(parts, { id, messages: messagesMax, events }, caller) {
    const read = parts.reader(caller);
    const one = await incidentOf(read, id, caller);
    const { appId: app_id, versions } = one;
    const run = <Answer>(what: Operation, input: object) => what.run(parts, input, caller) as Promise<Answer>;
    const sent = await run<{ deliveries: z.output<typeof delivery>[]; next_cursor: string | null }>(
      listDeliveries,
      { incident: id, limit: deliveriesMax },
    );
    const { findings, partial } = await findingsOf(one, run);
    const ids = [...new Set(findings.map(({ message_id }) => message_id))];
    const { messages, whole: all } = await messagesOf(ids.slice(0, messagesMax), caller, (message_id) =>
      run<MessageJson>(getMessage, { app_id, message_id, order: "newest", limit: events }),
    );
    const lifecycles = await Promise.all(
      versions.slice(-versionsMax).map((number) => read.lifecycleVersion(app_id, number)),
    );
    const counts = appPageToJson(await read.apps({ appId: app_id, limit: 1 }), 0).apps[0];
    return {
      made_at: formatTime(nowMicros()),
      incident: await shownIncident(read, parts.alerts, one),
      deliveries: sent.deliveries,
      ...(sent.next_cursor !== null && { deliveries_partial: true as const }),
      findings,
      ...(partial && { findings_partial: true as const }),
      messages,
      ...((!all || ids.length > messagesMax) && { messages_partial: true as const }),
      lifecycles: lifecycles
        .flatMap((known) => known ?? [])
        .map(lifecycleToJson)
        .reverse(),
      counts: counts ?? null,
    };
  },
});

type Run = <Answer>(what: Operation, input: object) => Promise<Answer>;
type Shown = Awaited<ReturnType<typeof incidentOf>>;

/** None of an incident that counts no findings. */
async function findingsOf(one: Shown, run: Run): Promise<{ findings: FindingJson[]; partial: boolean }> {
  if (!findingKinds.some((kind) => kind === one.kind)) return { findings: [], partial: false };
  const of = { app_id: one.appId, kind: one.kind, stage: one.stage, limit: findingsMax };
  const during = {
    ...of,
    ...{ state: "any", triage: "any", since: formatTime(one.firstRaisedAt) },
    ...(one.resolvedAt + one.closedAt > 0 && {
      until: formatTime(Math.max(one.resolvedAt, one.closedAt) + 1),
    }),
  };
  const asked = incidentState(one) === "active" ? [of, during] : [during];
  type Page = { readonly findings: FindingJson[]; readonly next_cursor: string | null };
  const pages = await Promise.all(asked.map((input) => run<Page>(listFindings, input)));
  const after = one.after === "" ? null : one.after;
  const byId = new Map(pages.flatMap((page) => page.findings).map((found) => [found.id, found]));
  const found = [...byId.values()].filter((each) => each.after === after);
  const findings = found.sort((a, b) => (a.raised_at < b.raised_at ? 1 : -1)).slice(0, findingsMax);
  const partial = found.length > findingsMax || pages.some((page) => page.next_cursor !== null);
  return { findings, partial };
}

/** As many as fit; those that retention has taken meanwhile are left out. */
async function messagesOf(
  ids: readonly string[],
  { protocol }: Caller,
  readOne: (id: string) => Promise<MessageJson>,
): Promise<{ messages: MessageJson[]; whole: boolean }> {
  const charsMax = protocol === "rest" ? messageCharsMax : rpcMessageCharsMax;
  const messages: MessageJson[] = [];
  let chars = 0;
  for (const id of ids) {
    try {
      const message = await readOne(id);
      chars += JSON.stringify(message).length;
      if (chars > charsMax && messages.length > 0) return { messages, whole: false };
      messages.push(message);
    } catch (error) {
      if (!(error instanceof MarsError && error.code === "not_found")) throw error;
    }
  }
  return { messages, whole: true };
}
