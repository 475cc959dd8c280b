/** Where messages and time are lost: the apps with their counts, and of one app its funnel, latencies and rates. */
import * as z from "zod";
import { appPageToJson, funnelToJson, latencyToJson, ratesToJson } from "../statistics/json.ts";
import type { RateQuery } from "../statistics/statistics.ts";
import { count, example, ms, pageEnd, stageNames, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { appId, cursor, defined, limit, minSeq } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { step, stepOf } from "./step.ts";
import { visible } from "./visible.ts";
import { windowFields, windowOf } from "./window.ts";

const window = { since: timestamp, until: timestamp };

/** An app with its counts. */
export const app = z.strictObject({
  app_id: z.string(),
  lifecycle_version: z.int().nullable(),
  messages: z.strictObject({
    open: count,
    overdue: count,
    complete: count,
    failed: count,
    abandoned: count,
    closed: count,
    untracked: count.meta({ description: "Those that no lifecycle follows." }),
    expired: count.meta({ description: "Those that retention took away unfinished." }),
  }),
  events: count,
  events_ahead: count.meta({
    description: "Those dated ahead of their receipt by more than MARS_SKEW_MAX.",
  }),
  last_event: z.string().nullable(),
  last_event_at: timestamp.nullable(),
});

export const listApps = operation({
  name: "listApps",
  summary: "The apps with their counts, by id.",
  scope: "read",
  // Narrowed, too, but its answer has something else by that name.
  apps: "own",
  rest: "GET /api/apps",
  rpc: "mars.v1.LifecycleService/ListApps",
  command: "apps",
  input: z.strictObject({ limit, cursor: cursor.optional(), min_seq: minSeq }),
  output: z.strictObject({
    apps: z.array(
      z.strictObject({
        ...app.shape,
        indexed: z.array(z.string()).readonly().meta({
          description: "The attributes by which its messages are found: `attributes.NAME=VALUE`.",
        }),
      }),
    ),
    limited_to: z
      .array(z.string())
      .optional()
      .meta({ description: "What the list is limited to, where the key is not for every app." }),
    badges: z.array(z.string()).meta({
      description: "Those of them that have a badge for anyone, `GET /badge/{app}.svg`, by MARS_BADGES.",
    }),
    ...pageEnd,
  }),
  async handle({ reader, projected, badges }, { cursor, limit, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const asOfSeq = projected.storedSeq;
    const page = await reader(caller).apps({ ...narrow(caller, undefined), ...defined({ cursor }), limit });
    const { allApps, apps } = caller.identity;
    const { apps: counted, ...end } = appPageToJson(page, asOfSeq);
    return {
      apps: counted.map((one, index) => ({ ...one, indexed: page.apps[index]?.indexed ?? [] })),
      ...end,
      ...(!allApps && { limited_to: [...apps] }),
      badges: page.apps.flatMap(({ appId }) => (badges.mayApp(appId) ? [appId] : [])),
    };
  },
});

const windowInput = z
  .strictObject({ app_id: appId, ...windowFields, min_seq: minSeq })
  .transform((input, context) => ({ ...input, ...windowOf(input, context) }));

const linked = z
  .strictObject({ count, messages: z.string() })
  .meta({ description: "A number, and the path of the list of its messages." });

export const getFunnel = operation({
  name: "getFunnel",
  summary: "Of the messages that were opened in a window, how many reached each stage, and how many did not.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/funnel",
  rpc: "mars.v1.LifecycleService/GetFunnel",
  command: "funnel",
  input: windowInput,
  output: z.strictObject({
    ...window,
    opened: linked,
    stages: z.array(
      z.strictObject({
        ...stageNames,
        reached: linked,
        waiting: linked,
        overdue: linked,
        never: linked,
      }),
    ),
  }),
  async handle({ reader, projected }, { app_id, since, until, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    const funnel = await read.funnel(app_id, { since, until });
    if (funnel.stages.length === 0) await assertApp(read, app_id);
    return funnelToJson(funnel, (filters) => `/api/messages?${new URLSearchParams({ app_id, ...filters })}`);
  },
});

const distribution = z.strictObject({
  count,
  p50_ms: ms.nullable(),
  p90_ms: ms.nullable(),
  p95_ms: ms.nullable(),
  p99_ms: ms.nullable(),
  max_ms: ms.nullable(),
  examples: z.strictObject({ p50: example, p90: example, p95: example, p99: example }),
});

const comparison = {
  now: distribution,
  before: distribution.meta({ description: "The same in the window of equal length before." }),
};

export const getLatency = operation({
  name: "getLatency",
  summary: "How long each hop took, and the whole way, against the window of equal length before.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/latency",
  rpc: "mars.v1.LifecycleService/GetLatency",
  command: "latency",
  input: windowInput,
  output: z.strictObject({
    ...window,
    end_to_end: z.strictObject(comparison).nullable(),
    hops: z.array(z.strictObject({ ...stageNames, ...comparison })),
  }),
  async handle({ reader, projected }, { app_id, since, until, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    const latency = await read.latency(app_id, { since, until });
    if (latency.hops.length === 0) await assertApp(read, app_id);
    return latencyToJson(latency);
  },
});

const rateSteps = { max: 1_500, defaultMax: 120 };

const rateInput = z
  .strictObject({ app_id: appId, ...windowFields, step: step(rateSteps.max).optional(), min_seq: minSeq })
  .transform(({ app_id, min_seq, ...input }, context): { query: RateQuery; min_seq: number | undefined } => {
    const window = windowOf(input, context);
    const stepMs = stepOf(window, input.step, rateSteps, context);
    return { query: { appId: app_id, ...window, step: stepMs * 1_000 }, min_seq };
  });

export const getRates = operation({
  name: "getRates",
  summary: "How many events of each name happened, step by step.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/rates",
  rpc: "mars.v1.LifecycleService/GetRates",
  command: "rates",
  input: rateInput,
  output: z.strictObject({
    ...window,
    step_ms: ms,
    stages: z.array(z.strictObject({ event: z.string(), counts: z.array(count).readonly() })).readonly(),
  }),
  async handle({ reader, projected }, { query, min_seq }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    const rates = await read.rates(query);
    if (rates.stages.length === 0) await assertApp(read, query.appId);
    return ratesToJson(rates);
  },
});
