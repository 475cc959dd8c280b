/** An app's lifecycle: its definition and its versions. */
import * as z from "zod";
import type { Caller } from "../core/caller.ts";
import { durationPattern, parseDuration } from "../core/duration.ts";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { lifecycleBodyBytesMax } from "../core/limits.ts";
import { nowMicros } from "../core/time.ts";
import { lifecycleToJson } from "../lifecycle/json.ts";
import { count, timestamp } from "./answers.ts";
import { definition } from "./definition.ts";
import { appId, field, type Reading, text } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { assertLinkedApps } from "./linked-apps.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";

export const path = "/api/apps/{app_id}/lifecycle";
export const body = { field: "lifecycle", bytesMax: lifecycleBodyBytesMax };

const names = z.array(z.string());

/** A definition as `definitionToJson` writes it. */
export const lifecycle = z.strictObject({
  stages: z
    .array(
      z.strictObject({
        app: z.string().optional(),
        event: z.string().optional(),
        any_of: names.readonly().optional(),
        children: z.literal("complete").optional(),
        count: z.string().optional(),
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
  recovers: z.literal(true).optional(),
  reopen_on: names.readonly().optional(),
  give_up: z.string().optional(),
  journey_by: z.literal("message_id").optional(),
});

/** No longer than a version may take beside its text. */
const note = text(1_024, "Why: it is kept with the version.");

export const version = z.strictObject({
  version: z.int(),
  created_at: timestamp,
  put_by: z
    .string()
    .nullable()
    .meta({ description: "Who put it, as in the audit; null where it is not known." }),
  note: z.string().nullable().meta({ description: "Why, in their words." }),
  lifecycle: lifecycle.nullable(),
  backfill: z
    .strictObject({ done: count, of: count, ended: z.boolean() })
    .nullable()
    .meta({ description: "How far it follows messages that were stored before it." }),
});

/** From when on stored messages go by it as well, in microseconds. */
const backfill = field(
  {
    type: "string",
    pattern: `^all$|${durationPattern}`,
    examples: ["7d"],
    description:
      "Messages that are stored already go by it as well, silently: those whose first event, by `created_at`, is at most so old; or `all`.",
  },
  (value): Reading<{ since: Micros }> => {
    if (value === "all") return { value: { since: Number.MIN_SAFE_INTEGER } };
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    return ms !== undefined && ms > 0
      ? { value: { since: nowMicros() - ms * 1_000 } }
      : { problem: "must be a duration such as 7d, or all" };
  },
);

/** Over REST the version is the answer. */
const versionAnswer = { output: z.strictObject({ version }), restAnswer: "version" } as const;

export const putLifecycle = operation({
  name: "putLifecycle",
  summary: "Make a lifecycle the app's, for messages whose first event is accepted from now on.",
  scope: "write",
  apps: "named",
  rest: `PUT ${path}`,
  body,
  rpc: "mars.v1.LifecycleService/PutLifecycle",
  command: "lifecycle put",
  input: z.strictObject({
    app_id: appId,
    lifecycle: definition,
    note: note.optional(),
    backfill: backfill.optional(),
  }),
  ...versionAnswer,
  async handle({ lifecycles, changes, reader }, { app_id, lifecycle, note, backfill }, caller, by) {
    const read = reader(caller);
    await assertLinkedApps(read, app_id, lifecycle, caller);
    const asked = backfill && {
      since: backfill.since,
      of: await read.messagesSince(app_id, backfill.since),
    };
    const put = await changes.run(caller, () => lifecycles.putLifecycle(app_id, lifecycle, by, note, asked));
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
  input: z.strictObject({ app_id: appId, note: note.optional() }),
  ...versionAnswer,
  async handle(parts, { app_id, note }, caller, by) {
    await currentVersion(parts, app_id, caller);
    const { changes, lifecycles } = parts;
    const ended = await changes.run(caller, () => lifecycles.putLifecycle(app_id, undefined, by, note));
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

async function currentVersion({ reader }: ApiParts, appId: string, caller: Caller) {
  const [current] = await reader(caller).lifecycleVersions(appId, 1);
  if (current?.definition === undefined) throw noLifecycle();
  return current;
}

function noLifecycle(): MarsError {
  return new MarsError("not_found", "this app has no lifecycle");
}
