/** Marks of people on findings, as answers show them. */
import * as z from "zod";
import { markStatuses } from "../core/mark.ts";
import { findingEndings } from "../lifecycle/finding.ts";
import { timestamp } from "./answers.ts";

export const endedBy = z
  .enum(findingEndings)
  .nullable()
  .meta({ description: "By what it ended where nothing has come; null otherwise." });

export const triage = z
  .strictObject({
    status: z.enum(markStatuses),
    until: z.enum(["recurs", "always"]).nullable().meta({ description: "Of `ignored`." }),
    at: timestamp,
    by: z.string().meta({ description: "The caller, as in the audit: `key:…`, `local`." }),
    by_name: z.string(),
    note: z.string().nullable(),
  })
  .nullable()
  .meta({ description: "What people have decided about it; null for nothing." });
