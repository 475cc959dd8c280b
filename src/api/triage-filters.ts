/** Filters by the marks of people. */
import { word } from "./fields.ts";

export const overdueTriage = word(
  ["any", "none", "acknowledged"],
  "Which count: all, which is the default, those that nobody has acknowledged, or those that are acknowledged.",
);
