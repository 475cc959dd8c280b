/** The filter by what a stage comes after: with the stage it is a hop. */
import { field, type Reading, stageBytesMax, text } from "./fields.ts";

/** The name of the stage that `stage` comes after; empty for none. */
export const after = field(
  { type: "string", description: "With `stage`: what it comes after; empty for nothing." },
  (value): Reading<string> => {
    if (value === "") return { value };
    const { success, data, error } = text(stageBytesMax).safeParse(value);
    return success ? { value: data } : { problem: error.issues[0]!.message };
  },
);
