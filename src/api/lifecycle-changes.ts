/** How answers show the difference between two lifecycles. */
import * as z from "zod";
import type { DefinitionDiff } from "../lifecycle/diff.ts";

const value = z.string().nullable().meta({
  description:
    "As a text: names with commas between them, and JSON for what has members; null where it is not there.",
});
const change = { field: z.string(), from: value, to: value };

export const diffFields = {
  added: z.array(z.string()).readonly().meta({ description: "Names of stages." }),
  removed: z.array(z.string()).readonly().meta({ description: "Names of stages." }),
  changed: z
    .array(z.strictObject({ stage: z.string(), ...change }))
    .readonly()
    .meta({ description: "Fields of stages that both have." }),
  fields: z
    .array(z.strictObject(change))
    .readonly()
    .meta({ description: "Fields of the lifecycle as a whole." }),
  words: z.array(z.string()).readonly().meta({ description: "All of it, a sentence each." }),
} satisfies Record<keyof DefinitionDiff, z.ZodType>;
