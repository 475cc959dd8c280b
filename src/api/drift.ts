/** How far the lifecycle in force has drifted from what messages do. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { namedAs } from "../learning/named-as.ts";
import { learnedToJson } from "../learning/trial.ts";
import { definitionDiff } from "../lifecycle/diff.ts";
import { appId } from "./fields.ts";
import { diffFields } from "./lifecycle-changes.ts";
import { raiseAtMost, trialHead } from "./lifecycle-trials.ts";
import { lifecycle, path } from "./lifecycles.ts";
import { operation } from "./operation.ts";
import { windowFields, windowOf } from "./window.ts";

export const getDrift = operation({
  name: "getDrift",
  summary:
    "Say how the lifecycle in force differs from one that is learned from the messages of a window; 404 where the app has none.",
  scope: "read",
  apps: "named",
  rest: `GET ${path}/drift`,
  slow: true,
  rpc: "mars.v1.LifecycleService/GetDrift",
  command: "lifecycle drift",
  input: z
    .strictObject({ app_id: appId, ...windowFields, raise_at_most: raiseAtMost })
    .transform((input, context) => ({ ...input, ...windowOf(input, context) })),
  output: z.strictObject({
    ...trialHead,
    version: z.int().meta({ description: "Of the lifecycle in force, from which the differences are." }),
    lifecycle: lifecycle.nullable().meta({
      description: "What is learned; null where there are too few messages, and then nothing differs.",
    }),
    ...diffFields,
  }),
  async handle({ trials, reader }, { app_id, since, until, raise_at_most }, caller) {
    const [inForce] = await reader(caller).lifecycleVersions(app_id, 1);
    if (inForce?.definition === undefined) throw new MarsError("not_found", "this app has no lifecycle");
    const run = await trials.learn({ appId: app_id, since, until, raiseAtMost: raise_at_most }, caller);
    const learned = { ...run, result: namedAs(run.result, inForce.definition) };
    const { definition } = learned.result;
    const { messages, cut_short, lifecycle, ...head } = learnedToJson(learned);
    return {
      ...{ since: head.since, until: head.until, messages, cut_short },
      version: inForce.version,
      lifecycle,
      ...definitionDiff(inForce.definition, definition ?? inForce.definition),
    };
  },
});
