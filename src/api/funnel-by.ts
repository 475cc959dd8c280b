/** The funnel by the values of an attribute: where one carrier, region or channel loses more, or is slower, than others. */
import * as z from "zod";
import { funnelByMessagesMax, funnelByToJson, funnelByValuesMax } from "../statistics/funnel-by.ts";
import { count, example, ms, stageNames, timestamp } from "./answers.ts";
import { assertIndexed, attributeName } from "./attribute-filter.ts";
import { appId, minSeq } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";
import { windowFields, windowOf } from "./window.ts";

const part = {
  messages: count,
  stages: z.array(
    z.strictObject({
      ...stageNames,
      ...{ reached: count, waiting: count, overdue: count, never: count },
      took: z
        .strictObject({
          count,
          p50_ms: ms.nullable(),
          p99_ms: ms.nullable(),
          examples: z.strictObject({ p50: example, p99: example }),
        })
        .meta({ description: "How long those that reached it took, from what it comes after." }),
    }),
  ),
};

export const getFunnelBy = operation({
  name: "getFunnelBy",
  summary:
    "How the messages that began in a window stand with each stage, and how long they took, by the values of an indexed attribute; of the latest 5,000 of them.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/funnel/by",
  rpc: "mars.v1.LifecycleService/GetFunnelBy",
  command: "funnel-by",
  input: z
    .strictObject({ app_id: appId, by: attributeName, ...windowFields, min_seq: minSeq })
    .transform((input, context) => ({ ...input, ...windowOf(input, context) })),
  output: z.strictObject({
    since: timestamp,
    until: timestamp,
    values: z.array(z.strictObject({ value: z.string(), ...part })).meta({
      description: `The most frequent first, at most ${funnelByValuesMax}. A message may have several values.`,
    }),
    others: z.strictObject({ values: count, ...part }).meta({ description: "All other values together." }),
    without: z.strictObject(part).meta({ description: "Messages without a value that is indexed." }),
    messages: count.meta({ description: "Messages that were counted: those that have a lifecycle." }),
    partial: z.boolean().meta({
      description: `There are over ${funnelByMessagesMax} messages: the latest were looked at.`,
    }),
  }),
  async handle({ reader, projected }, { app_id, by, since, until, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    if ((await read.indexedAttributes(app_id)).length === 0) await assertApp(read, app_id);
    await assertIndexed(read, app_id, [{ name: by }]);
    return funnelByToJson(await read.funnelBy({ appId: app_id, name: by, since, until }));
  },
});
