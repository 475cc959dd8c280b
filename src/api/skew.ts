/** How far the clocks of an app's producers are off. */
import * as z from "zod";
import { formatTime } from "../core/time.ts";
import { count, ms, timestamp } from "./answers.ts";
import { appId, minSeq } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

/** Whole ones: clocks are not known more exactly. */
const inMs = (micros: number | undefined) => (micros === undefined ? null : Math.round(micros / 1_000));

export const getSkew = operation({
  name: "getSkew",
  summary: "How far the clocks are off that report each event of an app, by its latest 500 messages.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/skew",
  rpc: "mars.v1.LifecycleService/GetSkew",
  command: "skew",
  input: z.strictObject({ app_id: appId, min_seq: minSeq }),
  output: z.strictObject({
    messages: count.meta({ description: "Messages in the sample." }),
    since: timestamp.nullable().meta({ description: "The first receipt in it." }),
    until: timestamp.nullable().meta({ description: "The last receipt in it." }),
    events: z.array(
      z.strictObject({
        event: z.string(),
        samples: count.meta({ description: "Events with a time of their own that is no older than a day." }),
        others: count.meta({ description: "Events without one, or dated back further." }),
        delay_min_ms: ms.nullable().meta({ description: "From created_at to the receipt." }),
        delay_median_ms: ms.nullable(),
        skew_ms: ms.nullable().meta({
          description:
            "By so much the clock is ahead, at least; negative: it is behind, or reports come late. Null with fewer than 20 samples.",
        }),
        early: z.array(
          z.strictObject({
            after: z.string().meta({ description: "The event that it comes after in the lifecycle." }),
            early: count.meta({ description: "Messages in which it is dated before that." }),
            pairs: count.meta({ description: "Messages that have both." }),
            early_by_ms: ms.meta({ description: "The median of how much before." }),
          }),
        ),
        hint: z.string(),
      }),
    ),
  }),
  async handle({ reader, progress }, { app_id, min_seq }, caller) {
    await visible(progress, min_seq, caller);
    const read = reader(caller);
    const skew = await read.skew(app_id);
    if (skew.messages === 0) await assertApp(read, app_id);
    return {
      messages: skew.messages,
      since: skew.since === undefined ? null : formatTime(skew.since),
      until: skew.until === undefined ? null : formatTime(skew.until),
      events: skew.events.map(({ event, samples, others, delayMin, delayMedian, hint, ...one }) => ({
        ...{ event, samples, others, hint },
        delay_min_ms: inMs(delayMin),
        delay_median_ms: inMs(delayMedian),
        skew_ms: inMs(one.skew),
        early: one.earlyPairs.map(({ after, early, pairs, earlyBy }) => {
          return { after, early, pairs, early_by_ms: Math.round(earlyBy / 1_000) };
        }),
      })),
    };
  },
});
