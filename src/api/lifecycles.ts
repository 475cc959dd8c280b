/** An app's lifecycle: its definition, its versions, and what helps to find a good one. */
import * as z from "zod";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { lifecycleBodyBytesMax } from "../core/limits.ts";
import { nowMicros } from "../core/time.ts";
import { trialStates } from "../learning/dry-run.ts";
import { dryRunToJson, learnedToJson } from "../learning/trial.ts";
import { definitionToJson } from "../lifecycle/definition.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { lifecycleToJson } from "../lifecycle/json.ts";
import { count, ms, timestamp } from "./answers.ts";
import { definition } from "./definition.ts";
import { appId } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";
import { windowFields, windowOf } from "./window.ts";

const path = "/api/apps/{app_id}/lifecycle";
const body = { field: "lifecycle", bytesMax: lifecycleBodyBytesMax };

const names = z.array(z.string());

/** A definition as `definitionToJson` writes it. */
const lifecycle = z.strictObject({
  stages: z
    .array(
      z.strictObject({
        event: z.string().optional(),
        any_of: names.readonly().optional(),
        after: z.union([z.string(), names.readonly()]).optional(),
        within: z.string().optional(),
        optional: z.boolean().optional(),
        each: z.strictObject({ of: z.string(), by: z.string() }).optional(),
        times: z.int().optional(),
      }),
    )
    .readonly(),
  complete_on: names.readonly(),
  fail_on: names.readonly().optional(),
  grace: z.string(),
});

const version = z.strictObject({
  version: z.int(),
  created_at: timestamp,
  lifecycle: lifecycle.nullable(),
});

/** Over REST the version is the answer. */
const versionAnswer = { output: z.strictObject({ version }), restAnswer: "version" };

export const putLifecycle = operation({
  name: "putLifecycle",
  summary: "Make a lifecycle the app's, for messages whose first event is accepted from now on.",
  scope: "write",
  apps: "named",
  rest: `PUT ${path}`,
  body,
  rpc: "mars.v1.LifecycleService/PutLifecycle",
  command: "lifecycle put",
  input: z.strictObject({ app_id: appId, lifecycle: definition }),
  ...versionAnswer,
  async handle({ lifecycles, changes }, { app_id, lifecycle }, caller, by) {
    const put = await changes.run(caller, () => lifecycles.putLifecycle(app_id, lifecycle, by));
    if (put === undefined) throw new Error("a definition was put, and no version came of it");
    return { version: lifecycleToJson(put) };
  },
});

export const getLifecycle = operation({
  name: "getLifecycle",
  summary: "The app's lifecycle; 404 when it has none.",
  scope: "read",
  apps: "named",
  rest: `GET ${path}`,
  rpc: "mars.v1.LifecycleService/GetLifecycle",
  command: "lifecycle get",
  input: z.strictObject({ app_id: appId }),
  ...versionAnswer,
  async handle(parts, { app_id }, caller) {
    return { version: lifecycleToJson(await currentVersion(parts, app_id, caller)) };
  },
});

export const deleteLifecycle = operation({
  name: "deleteLifecycle",
  summary:
    "End the app's lifecycle, for messages whose first event is accepted from now on; 404 when it has none.",
  scope: "write",
  apps: "named",
  rest: `DELETE ${path}`,
  rpc: "mars.v1.LifecycleService/DeleteLifecycle",
  command: "lifecycle delete",
  input: z.strictObject({ app_id: appId }),
  ...versionAnswer,
  async handle(parts, { app_id }, caller, by) {
    await currentVersion(parts, app_id, caller);
    const { changes, lifecycles } = parts;
    const ended = await changes.run(caller, () => lifecycles.putLifecycle(app_id, undefined, by));
    // Another request may have ended it meanwhile.
    if (ended === undefined) throw noLifecycle();
    return { version: lifecycleToJson(ended) };
  },
});

export const listLifecycleVersions = operation({
  name: "listLifecycleVersions",
  summary: "The versions of the app's lifecycle, the latest first; at most the last hundred.",
  scope: "read",
  apps: "named",
  rest: `GET ${path}/versions`,
  rpc: "mars.v1.LifecycleService/ListLifecycleVersions",
  command: "lifecycle versions",
  input: z.strictObject({ app_id: appId }),
  output: z.strictObject({ versions: z.array(version) }),
  async handle({ reader }, { app_id }, caller) {
    const read = reader(caller);
    const versions = await read.lifecycleVersions(app_id);
    if (versions.length === 0) await assertApp(read, app_id);
    return { versions: versions.map(lifecycleToJson) };
  },
});

const trialHead = {
  since: timestamp,
  until: timestamp,
  messages: count.meta({ description: "How many messages were looked at." }),
  cut_short: z.boolean().meta({ description: "There are more; these are the latest." }),
};

export const dryRunLifecycle = operation({
  name: "dryRunLifecycle",
  summary: "Say what a lifecycle would have found in the messages of a window; nothing is changed.",
  scope: "read",
  apps: "named",
  rest: `POST ${path}/dry-run`,
  body,
  slow: true,
  rpc: "mars.v1.LifecycleService/DryRunLifecycle",
  command: "lifecycle dry-run",
  input: z
    .strictObject({ app_id: appId, lifecycle: definition, ...windowFields })
    .transform((input, context) => ({ ...input, ...windowOf(input, context) })),
  output: z.strictObject({
    ...trialHead,
    lifecycle,
    states: z.record(z.enum(trialStates), count),
    findings: z
      .array(
        z.strictObject({
          kind: z.enum(findingKinds),
          stage: z.string(),
          stage_events: names,
          holding: count,
          retracted: count,
          samples: names.readonly(),
        }),
      )
      .readonly(),
  }),
  async handle({ trials, reader }, { app_id, lifecycle, since, until }, caller) {
    const options = { appId: app_id, since, until, clock: nowMicros() };
    const run = await trials.dryRun(lifecycle, options, caller);
    if (run.result.messages === 0) await assertApp(reader(caller), app_id);
    return { lifecycle: definitionToJson(lifecycle), ...dryRunToJson(run) };
  },
});

export const learnLifecycle = operation({
  name: "learnLifecycle",
  summary: "Propose a lifecycle by what the messages of a window went through.",
  scope: "read",
  apps: "named",
  rest: `GET ${path}/learned`,
  slow: true,
  rpc: "mars.v1.LifecycleService/LearnLifecycle",
  command: "lifecycle learn",
  input: z
    .strictObject({ app_id: appId, ...windowFields })
    .transform((input, context) => ({ ...input, ...windowOf(input, context) })),
  output: z.strictObject({
    ...trialHead,
    judged: count,
    lifecycle: lifecycle.nullable(),
    stages: z.array(
      z.strictObject({
        events: names.readonly(),
        after: names.readonly(),
        occurs: z.enum(["always", "sometimes", "alternatives"]),
        count,
        share: z.number(),
        confidence: z.number(),
        hop: z.strictObject({ count, p50_ms: ms, p95_ms: ms, p99_ms: ms }).nullable(),
        within: z.string().nullable(),
      }),
    ),
    left_out: z.array(z.strictObject({ event: z.string(), share: z.number() })).readonly(),
    messages_with_other_events: count,
  }),
  async handle({ trials, reader }, { app_id, since, until }, caller) {
    const learned = await trials.learn({ appId: app_id, since, until }, caller);
    if (learned.result.messages === 0) await assertApp(reader(caller), app_id);
    return learnedToJson(learned);
  },
});

async function currentVersion({ reader }: ApiParts, appId: string, caller: Caller) {
  const [current] = await reader(caller).lifecycleVersions(appId, 1);
  if (current?.definition === undefined) throw noLifecycle();
  return current;
}

function noLifecycle(): MarsError {
  return new MarsError("not_found", "this app has no lifecycle");
}
