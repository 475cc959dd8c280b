/** What the answers of operations have in common. Absent values are `null`. */
import * as z from "zod";

/** RFC 3339 in UTC, with six digits. */
export const timestamp = z.string().meta({ format: "date-time" });

export const ms = z.number().meta({ description: "Milliseconds." });

export const count = z.int().min(0);

/** How pages end: where the next one begins, `null` on the last. */
export const pageEnd = {
  next_cursor: z.string().nullable(),
  as_of_seq: z.int().meta({ description: "Every event up to here is reflected in the answer." }),
};
