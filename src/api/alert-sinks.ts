/** The operations on sinks: where notifications are delivered. */
import * as z from "zod";
import { sinkToJson } from "../alerting/json.ts";
import { recipientsMax, type SinkTarget } from "../alerting/sink.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { textProblem } from "../core/validate.ts";
import { attempt, attemptJson } from "./alert-deliveries.ts";
import { alertId, found, list, settingLimit } from "./alert-fields.ts";
import { cursor, defined, field, text, word } from "./fields.ts";
import { pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";
import { sinkHeaders } from "./sink-headers.ts";

const sinkTypes = ["webhook", "slack", "email"] as const;
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

/** The members that a sink has beside its type: the required one first. */
const membersOf = { webhook: ["url", "secret", "headers"], slack: ["url"], email: ["to"] } as const;

/** A sink as REST and RPC take it. Where its URL may lead is checked when it is put. */
export const sinkInput = z
  .strictObject({
    id: alertId,
    type: word(sinkTypes),
    url: text(
      urlBytesMax,
      "Of a webhook and of Slack. Kept are the query and Slack's path where they are `(hidden)`.",
    ).optional(),
    secret: text(
      256,
      "Of a webhook. Absent or `(hidden)`: kept; absent: generated where there is none.",
    ).optional(),
    headers: sinkHeaders.optional(),
    to: list(email, recipientsMax, "e-mail addresses").optional(),
  })
  .transform(({ id, type, ...given }, context): { readonly id: string; readonly target: SinkTarget } => {
    const members: readonly string[] = membersOf[type];
    for (const name of ["url", "secret", "headers", "to"] as const) {
      const fault =
        given[name] === undefined
          ? name === members[0] && "is required"
          : !members.includes(name) && `is not for ${type}`;
      if (fault) context.addIssue({ code: "custom", path: [name], message: fault });
    }
    const { url = "", secret, headers, to = [] } = given;
    if (type === "email") return { id, target: { type, to } };
    if (type === "slack") return { id, target: { type, url } };
    return { id, target: { type, url, ...defined({ secret, headers }) } };
  });

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
  async handle({ alerts, changes }, { id, target }, caller, by) {
    const { sink, madeSecret: secret } = await changes.run(caller, () => alerts.putSink(id, target, by));
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
