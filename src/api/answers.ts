/** The common members of operations' answers. Absent values are `null`. */
import * as z from "zod";

/** RFC 3339 in UTC, with six digits. */
export const timestamp = z.string().meta({ format: "date-time" });

export const ms = z.number().meta({ description: "Milliseconds." });

export const count = z.int().min(0);

const someNames = z.array(z.string()).readonly();

/** How far a stage is that is owed by several. */
export const owed = z
  .strictObject({
    expected: count,
    received: count.meta({ description: "Of those that are expected." }),
    missing: someNames.meta({
      description: "Who owes it still. Each list has 100 names and 1 KiB at most; counts are exact.",
    }),
    extra: someNames.meta({ description: "Who has acknowledged and was not asked." }),
    extra_count: count,
    late: someNames.meta({ description: "Who has acknowledged later than due and grace." }),
    late_count: count,
    partial: z
      .literal(true)
      .optional()
      .meta({ description: "There are over 1,000 recipients: the first by their names count." }),
    count_ignored: z.string().optional().meta({
      description:
        "Of `children`: a value of the attribute `count`, as JSON, that is no whole number from 0 to 1,000,000,000; it does not count.",
    }),
  })
  .nullable()
  .meta({ description: "Of a stage with `each`, `times` or `children`; null for any other." });

/** How pages end: where the next one begins, `null` on the last. */
export const pageEnd = {
  next_cursor: z.string().nullable(),
  as_of_seq: z.int().meta({ description: "Every event up to here is reflected in the answer." }),
};

const eventNames = z.array(z.string());

/** A stage by its name and what it comes after. */
export const stageNames = {
  stage: z.string().meta({ description: "The stage's name: its event, or its alternatives joined by `|`." }),
  stage_events: eventNames.meta({ description: "Its events: several where it has alternatives." }),
  after: z.string().nullable().meta({ description: "The name of what it comes after." }),
  after_events: eventNames.meta({ description: "The events of that." }),
};

/** A message that stands for a percentile. */
export const example = z
  .strictObject({ app_id: z.string(), message_id: z.string(), message: z.string() })
  .nullable()
  .meta({ description: "A message that took as long; null where retention has taken it." });
