/** The operations on sinks: where notifications are delivered. */
import * as z from "zod";
import { sinkToJson } from "../alerting/json.ts";
import { pagerUrls, recipientsMax, type SinkHeaders, type SinkTarget } from "../alerting/sink.ts";
import { type ContentType, contentTypes, templateBytesMax } from "../alerting/sinks/template.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { textProblem } from "../core/validate.ts";
import { attempt, attemptJson } from "./alert-deliveries.ts";
import { alertId, found, list, settingLimit } from "./alert-fields.ts";
import { timestamp } from "./answers.ts";
import { duration } from "./duration.ts";
import { cursor, defined, field, text, word } from "./fields.ts";
import { pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";
import { sinkHeaders } from "./sink-headers.ts";

const sinkTypes = [
  "webhook",
  "slack",
  "email",
  "teams",
  "discord",
  "pagerduty",
  "opsgenie",
  "topic",
  "broker",
] as const;
/** Bytes of the body, of which the URL is the most. */
const urlBytesMax = smallBodyBytesMax;
const emailBytesMax = 254;

/** No more than keeps an address from being several, or a header. Whether it exists only its server knows. */
const email = field<string>({ type: "string", format: "email" }, (value) => {
  const plain =
    typeof value === "string" &&
    /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(value) &&
    value.length <= emailBytesMax;
  const problem = plain
    ? textProblem(value, emailBytesMax)
    : "must be an e-mail address such as ops@example.com";
  return problem === undefined ? { value: value as string } : { problem };
});

/** The members that a sink has beside its type, and the one that is required. */
const membersOf: Readonly<Record<(typeof sinkTypes)[number], readonly string[]>> = {
  webhook: ["url", "secret", "headers", "template", "content_type", "overlap"],
  slack: ["url"],
  teams: ["url"],
  discord: ["url"],
  pagerduty: ["url", "key"],
  opsgenie: ["url", "key"],
  email: ["to"],
  topic: [],
  broker: ["url"],
};
const optionalMembers = ["secret", "headers", "template", "content_type", "key", "overlap"];

const keyBytesMax = 256;
/** PagerDuty's keys are 32 letters and digits, Opsgenie's are UUIDs. In an HTTP header no other character may stand. */
const keyPattern = "^(\\(hidden\\)|[A-Za-z0-9-]+)$";
const keyForm = new RegExp(keyPattern);
const key = field<string>({ type: "string", pattern: keyPattern, maxLength: keyBytesMax }, (value) =>
  typeof value === "string" && value.length <= keyBytesMax && keyForm.test(value)
    ? { value }
    : { problem: `must be 1 to ${keyBytesMax} of A-Z a-z 0-9 -` },
).meta({
  description:
    "PagerDuty's integration key, Opsgenie's API key. Absent or `(hidden)`: kept for the same scheme, host and port.",
});

/** A sink as REST and RPC take it. Where its URL may lead is checked when it is put. */
export const sinkInput = z
  .strictObject({
    id: alertId,
    type: word(sinkTypes),
    url: text(
      urlBytesMax,
      "Of all but e-mail. Kept are the query, and the path of Slack, Teams and Discord, where they are `(hidden)`. PagerDuty's and Opsgenie's have a default. A broker's has its target in the query: `nats://user:password@host:4222?subject=alerts`; its password is kept as `(hidden)`.",
    ).optional(),
    secret: text(
      256,
      "Of a webhook. Absent or `(hidden)`: kept; absent: generated where there is none.",
    ).optional(),
    headers: sinkHeaders.optional(),
    template: text(
      templateBytesMax,
      "Of a webhook: the body, in which `{{incident.rule}}` and other names stand for parts of the notification; absent: the notification as JSON.",
    ).optional(),
    content_type: word(contentTypes, "Of the template; `application/json` unless given.").optional(),
    key: key.optional(),
    overlap: duration(
      { min: 1_000, max: 30 * 86_400_000, off: true },
      "Of a webhook: how long a secret that this one replaces signs too; `off` ends former ones; `24h` unless given.",
    ).optional(),
    to: list(email, recipientsMax, "e-mail addresses").optional(),
    dry_run: z.boolean().default(false).meta({
      description: "Store nothing: the answer has `(changed)` for each secret that would be another.",
    }),
  })
  .transform(({ id, type, ...given }, context): PutSinkInput => {
    const url = given.url ?? (type === "pagerduty" || type === "opsgenie" ? pagerUrls[type] : undefined);
    const members = membersOf[type];
    for (const name of [
      "url",
      "secret",
      "headers",
      "template",
      "content_type",
      "key",
      "overlap",
      "to",
    ] as const) {
      const value = name === "url" ? url : given[name];
      const required = members.includes(name) && !optionalMembers.includes(name);
      const fault =
        value === undefined ? required && "is required" : !members.includes(name) && `is not for ${type}`;
      if (fault) context.addIssue({ code: "custom", path: [name], message: fault });
    }
    if (type === "webhook" && given.content_type !== undefined && given.template === undefined) {
      const message = "must be absent without template: the notification is JSON";
      context.addIssue({ code: "custom", path: ["content_type"], message });
    }
    return {
      id,
      target: targetOf(type, { ...given, url: url ?? "" }),
      dryRun: given.dry_run,
      ...defined({ overlapMs: given.overlap }),
    };
  });

interface PutSinkInput {
  readonly id: string;
  readonly target: SinkTarget;
  readonly overlapMs?: number;
  readonly dryRun: boolean;
}

interface Given {
  readonly url: string;
  readonly secret?: string | undefined;
  readonly headers?: SinkHeaders | undefined;
  readonly template?: string | undefined;
  readonly content_type?: ContentType | undefined;
  readonly key?: string | undefined;
  readonly to?: readonly string[] | undefined;
}

function targetOf(type: (typeof sinkTypes)[number], given: Given): SinkTarget {
  const { url, secret, headers, template, content_type: contentType, key, to = [] } = given;
  switch (type) {
    case "email":
      return { type, to };
    case "topic":
      return { type };
    case "webhook":
      return { type, url, ...defined({ secret, headers, template, contentType }) };
    case "pagerduty":
    case "opsgenie":
      return { type, url, ...defined({ key }) };
    default:
      return { type, url };
  }
}

/** A sink as REST and RPC show it. */
const sink = z.strictObject({
  id: z.string(),
  type: z.enum(sinkTypes),
  url: z.string().optional(),
  secret: z
    .string()
    .optional()
    .meta({ description: "`(hidden)`, but in the answer to the call that has generated it." }),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: "Names, each with `(hidden)` for its value." }),
  template: z.string().optional(),
  content_type: z.enum(contentTypes).optional(),
  key: z.string().optional().meta({ description: "`(hidden)`." }),
  former_secret_until: timestamp.optional().meta({
    description: "Of a webhook: until when it is signed by the secret that was replaced, too.",
  }),
  to: z.array(z.string()).optional(),
});

export const listSinks = operation({
  name: "listAlertSinks",
  summary: "Sinks, by id, a page at a time, without their secrets: where notifications are delivered.",
  scope: "read",
  apps: "all",
  rest: "GET /api/alerts/sinks",
  rpc: "mars.v1.AlertService/ListSinks",
  command: "alerts sinks list",
  input: z.strictObject({ limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ sinks: z.array(sink), next_cursor: z.string().nullable() }),
  async handle({ reader }, wanted, caller) {
    const { page, nextCursor } = pageOf("sinks", await reader(caller).alertSinks(), ({ id }) => id, wanted);
    return { sinks: page.map((one) => sinkToJson(one)), next_cursor: nextCursor };
  },
});

export const getSink = operation({
  name: "getAlertSink",
  summary: "One sink, without its secret; 404 when there is none with this id.",
  scope: "read",
  apps: "all",
  rest: "GET /api/alerts/sinks/{id}",
  restAnswer: "sink",
  rpc: "mars.v1.AlertService/GetSink",
  command: "alerts sinks get",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({ sink }),
  async handle({ reader }, { id }, caller) {
    const known = (await reader(caller).alertSinks()).find((one) => one.id === id);
    return { sink: sinkToJson(found(known, "sink")) };
  },
});

export const putSink = operation({
  name: "putAlertSink",
  summary:
    "Create or replace a sink; at most 100. What is put as `(hidden)` is kept. A signing secret that is made now is in this answer only.",
  scope: "write",
  apps: "all",
  rest: "PUT /api/alerts/sinks/{id}",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/PutSink",
  command: "alerts sinks put",
  input: sinkInput,
  output: z.strictObject({ sink }),
  async handle({ alerts, changes }, { id, target, overlapMs, dryRun }, caller, by) {
    if (dryRun) {
      const { sink, before } = await changes.run(caller, () => alerts.trySink(id, target));
      return { sink: sinkToJson(sink, before) };
    }
    const put = () => alerts.putSink(id, target, by, overlapMs);
    const { sink, madeSecret: secret } = await changes.run(caller, put);
    return { sink: { ...sinkToJson(sink), ...defined({ secret }) } };
  },
});

export const deleteSink = operation({
  name: "deleteAlertSink",
  summary: "Delete a sink, which no rule may name.",
  scope: "write",
  apps: "all",
  rest: "DELETE /api/alerts/sinks/{id}",
  rpc: "mars.v1.AlertService/DeleteSink",
  command: "alerts sinks delete",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({}),
  async handle({ alerts, changes }, { id }, caller, by) {
    found((await changes.run(caller, () => alerts.deleteSink(id, by))) || undefined, "sink");
    return {};
  },
});

export const testSink = operation({
  name: "testAlertSink",
  summary: "Send a notification of the type `test` to a sink now.",
  scope: "write",
  apps: "all",
  rest: "POST /api/alerts/sinks/{id}/test",
  rpc: "mars.v1.AlertService/TestSink",
  command: "alerts sinks test",
  input: z.strictObject({ id: alertId }),
  // `success` is that of the attempt: the request was no fault either way.
  output: z.strictObject({ success: z.boolean(), attempt }),
  async handle({ alerts, shares }, { id }, { peer }, by) {
    const made = await shares.sink_tests.during(peer, "tests of sinks", () => alerts.testSink(id, by));
    const { outcome } = found(made, "sink");
    return { success: outcome === "delivered", attempt: attemptJson(found(made, "sink")) };
  },
});
