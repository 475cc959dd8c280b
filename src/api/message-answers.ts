/** Messages as the answers of operations show them, and their types: those of the page, too. */
import * as z from "zod";
import { runStates, shownStates, stageStatuses } from "../core/state.ts";
import { count, ms, owed, pageEnd, stageNames, timestamp } from "./answers.ts";
import { triage } from "./triage-fields.ts";

const summary = {
  app_id: z.string(),
  message_id: z.string(),
  created_at: timestamp,
  updated_at: timestamp,
  event_count: count,
  last_event: z.string(),
  stages: z.array(z.string()).readonly(),
  external_ids: z.array(z.string()).readonly(),
  parent_id: z.string().nullable(),
  state: z.enum(shownStates),
  overdue_since: timestamp.nullable(),
  skewed: z.literal(true).optional().meta({ description: "Some of its events have `ahead_by_ms`." }),
  partial: z.literal(true).optional(),
};

export const summaryAnswer = z.strictObject(summary);

/** The `traceparent` that an event came with. */
const trace = {
  trace_id: z
    .string()
    .optional()
    .meta({ description: "Of the trace that it was reported in: 32 hexadecimal digits." }),
  span_id: z.string().optional().meta({ description: "Of the span in that trace: 16 hexadecimal digits." }),
  trace_flags: z.string().optional().meta({ description: "`01` where its tracer kept the trace." }),
};

/** An event within its message. */
export const event = z.strictObject({
  event: z.string(),
  created_at: timestamp,
  received_at: timestamp,
  seq: z.int(),
  event_id: z.string().nullable(),
  external_id: z.string().nullable(),
  parent_id: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()).nullable(),
  duplicates: count,
  ahead_by_ms: ms.optional().meta({
    description:
      "Its created_at is so far ahead of its receipt, more than MARS_SKEW_MAX: it counts as of its receipt.",
  }),
  run: z.int().optional().meta({ description: "Its run, where the lifecycle has `reopen_on`." }),
  ...trace,
});

const instanceStages = z.array(
  z.strictObject({
    ...stageNames,
    optional: z.boolean(),
    status: z.enum(stageStatuses),
    done_at: timestamp.nullable(),
    due_at: timestamp.nullable(),
    missing_since: timestamp.nullable(),
    late_by_ms: ms.nullable(),
    early_by_ms: ms.nullable(),
    owed,
    done_by: z
      .strictObject({ app_id: z.string(), message_id: z.string() })
      .nullable()
      .meta({ description: "The message of another app whose event made it." }),
    triage,
  }),
);

/** A message's way along its app's lifecycle. */
const instance = z.strictObject({
  version: z.int(),
  clock: timestamp,
  run: z.int().meta({ description: "The number of the last run, which is the one shown here." }),
  completed_at: timestamp.nullable(),
  failed_at: timestamp.nullable(),
  abandoned_at: timestamp.nullable(),
  failures: z
    .strictObject({ count, last_at: timestamp })
    .nullable()
    .meta({ description: "How often the run failed, where the lifecycle has `recovers`." }),
  stages: instanceStages,
  runs: z
    .array(
      z.strictObject({
        run: z.int(),
        state: z.enum(runStates),
        began_at: timestamp,
        ended_at: timestamp.nullable(),
        stages: instanceStages,
      }),
    )
    .meta({ description: "The last runs, where there are several; 100 and 512 KiB of them at most." }),
  runs_partial: z.literal(true).optional().meta({ description: "There are more runs before these." }),
});

export const messagePage = z.strictObject({ messages: z.array(summaryAnswer), ...pageEnd });

export const messageAnswer = z.strictObject({
  ...summary,
  lifecycle: instance.nullable(),
  events: z.array(event),
  ...pageEnd,
});

export type MessageJson = z.output<typeof messageAnswer>;
export type InstanceJson = z.output<typeof instance>;
