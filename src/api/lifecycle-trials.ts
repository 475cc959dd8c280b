/** Finding a good lifecycle: one that is learned from stored messages, and one that is tried on them. */
import * as z from "zod";
import { nowMicros } from "../core/time.ts";
import { type TrialState, trialStates } from "../learning/dry-run.ts";
import { raiseAtMostDefault } from "../learning/learn.ts";
import { namedAs } from "../learning/named-as.ts";
import { differencesToJson, dryRunToJson, learnedToJson } from "../learning/trial.ts";
import { definitionToJson } from "../lifecycle/definition.ts";
import { definitionDiff } from "../lifecycle/diff.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import { count, ms, timestamp } from "./answers.ts";
import { definition } from "./definition.ts";
import { appId, share } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { diffFields } from "./lifecycle-changes.ts";
import { body, lifecycle, path } from "./lifecycles.ts";
import { assertLinkedApps } from "./linked-apps.ts";
import { operation } from "./operation.ts";
import { windowFields, windowOf } from "./window.ts";

const names = z.array(z.string());

const difference = z.strictObject({
  both: count.meta({ description: "Messages in this state by both." }),
  only_new: count,
  only_current: count,
  samples_only_new: names.readonly(),
  samples_only_current: names.readonly(),
});
const differences = Object.fromEntries(trialStates.map((state) => [state, difference])) as Record<
  TrialState,
  typeof difference
>;
const against = z.strictObject({ version: z.int(), ...differences, ...diffFields });

/** How strictly deadlines are learned. */
export const raiseAtMost = share(
  0.5,
  "The share of the messages that a deadline may have raised although they reached the stage.",
).default(raiseAtMostDefault);

/** What every trial says of its window. */
export const trialHead = {
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
    against: against.nullable().meta({
      description: "The same messages by the version in force; null where there is none.",
    }),
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
    const read = reader(caller);
    await assertLinkedApps(read, app_id, lifecycle, caller);
    const [inForce] = await read.lifecycleVersions(app_id, 1);
    const current = inForce?.definition;
    const options = { appId: app_id, since, until, clock: nowMicros(), ...(current && { current }) };
    const run = await trials.dryRun(lifecycle, options, caller);
    if (run.result.messages === 0) await assertApp(read, app_id);
    const { differences } = run.result;
    return {
      lifecycle: definitionToJson(lifecycle),
      ...dryRunToJson(run),
      against:
        inForce === undefined || differences === undefined
          ? null
          : {
              version: inForce.version,
              ...differencesToJson(differences),
              ...definitionDiff(current, lifecycle),
            },
    };
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
    .strictObject({ app_id: appId, ...windowFields, raise_at_most: raiseAtMost })
    .transform((input, context) => ({ ...input, ...windowOf(input, context) })),
  output: z.strictObject({
    ...trialHead,
    judged: count,
    raise_at_most: z.number(),
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
        would_raise: z.number().nullable().meta({
          description: "The share of the judged messages that reached it later than this and the grace.",
        }),
        never_reached: z.number().nullable().meta({
          description: "The share of them that never reached it, though it was due and they had not failed.",
        }),
      }),
    ),
    failures: z.array(
      z.strictObject({
        event: z.string(),
        count,
        share: z.number(),
        despite: count.meta({ description: "Those that reached what follows all the same." }),
        instead_of: names.readonly().meta({ description: "The events that it keeps messages from." }),
      }),
    ),
    left_out: z.array(z.strictObject({ event: z.string(), share: z.number() })).readonly(),
    messages_with_other_events: count,
  }),
  async handle({ trials, reader }, { app_id, since, until, raise_at_most }, caller) {
    const options = { appId: app_id, since, until, raiseAtMost: raise_at_most };
    const learned = await trials.learn(options, caller);
    const read = reader(caller);
    if (learned.result.messages === 0) await assertApp(read, app_id);
    const inForce = (await read.lifecycleVersions(app_id, 1))[0]?.definition;
    if (inForce === undefined) return learnedToJson(learned);
    return learnedToJson({ ...learned, result: namedAs(learned.result, inForce) });
  },
});
