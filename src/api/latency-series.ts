/** Latencies over time: when something became slow, and whether for all messages or for some. */
import * as z from "zod";
import { formatTime } from "../core/time.ts";
import { seriesStepsMax } from "../statistics/latency-series.ts";
import { count, ms, timestamp } from "./answers.ts";
import { stageEvents, stageNamed } from "./event-names.ts";
import { appId, minSeq, stage } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { step, stepOf } from "./step.ts";
import { visible } from "./visible.ts";
import { windowFields, windowOf } from "./window.ts";

const seriesSteps = { max: seriesStepsMax, defaultMax: 100 };

const input = z
  .strictObject({
    app_id: appId,
    stage: stage.optional(),
    stage_events: stageEvents,
    after: stage.optional(),
    after_events: stageEvents,
    ...windowFields,
    step: step(seriesStepsMax).optional(),
    min_seq: minSeq,
  })
  .transform(({ app_id, min_seq, stage_events, after_events, ...given }, context) => {
    const window = windowOf(given, context);
    const stepMs = stepOf(window, given.step, seriesSteps, context);
    return {
      query: {
        appId: app_id,
        ...window,
        step: stepMs * 1_000,
        stage: stageNamed("stage", given.stage, stage_events, context) ?? "",
        after: stageNamed("after", given.after, after_events, context) ?? "",
      },
      min_seq,
    };
  });

export const getLatencySeries = operation({
  name: "getLatencySeries",
  summary:
    "How long a hop took over time, or the whole way without `stage`: percentiles of each step, and how many took how long.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/latency/series",
  rpc: "mars.v1.LifecycleService/GetLatencySeries",
  command: "latency-series",
  input,
  output: z.strictObject({
    since: timestamp,
    until: timestamp,
    step_ms: ms,
    steps: z.array(
      z.strictObject({
        count,
        p50_ms: ms.nullable(),
        p95_ms: ms.nullable(),
        p99_ms: ms.nullable(),
        max_ms: ms.nullable(),
        bins: z.array(z.strictObject({ from_ms: ms, count })).meta({
          description: "How many took at least so long, and less than twice as long; the first begins at 0.",
        }),
      }),
    ),
  }),
  async handle({ reader, projected }, { query, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    const series = await read.latencySeries(query);
    if (series.steps.every((one) => one.count === 0)) await assertApp(read, query.appId);
    return {
      since: formatTime(series.since),
      until: formatTime(series.until),
      step_ms: series.step / 1_000,
      steps: series.steps.map(({ count, p50, p95, p99, max, bins }) => {
        const lasting = (micros: number) => (count === 0 ? null : micros / 1_000);
        return {
          count,
          p50_ms: lasting(p50),
          p95_ms: lasting(p95),
          p99_ms: lasting(p99),
          max_ms: lasting(max),
          bins: bins.map(([bin, count]) => ({ from_ms: bin === 0 ? 0 : 2 ** bin, count })),
        };
      }),
    };
  },
});
