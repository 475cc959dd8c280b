/** Windows of time that statistics and trials are about. */
import type * as z from "zod";
import { nowMicros } from "../core/time.ts";
import type { Window } from "../core/window.ts";
import { time } from "./fields.ts";

const day = 86_400_000_000;
/** Two years: each day of it is one more bucket to read. */
const windowMax = 731 * day;

/** The fields of a window. `windowOf` makes it of them. */
export const windowFields = {
  since: time("From here on, inclusive; a day before `until` by default.").optional(),
  until: time("Up to here, exclusive; now by default.").optional(),
};

/** `since` defaults to a day before `until`, and `until` to now. A problem becomes an issue of the context. */
export function windowOf(
  {
    since,
    until = nowMicros(),
  }: { readonly since?: number | undefined; readonly until?: number | undefined },
  { issues }: Pick<z.core.ParsePayload, "issues">,
): Window {
  const window = { since: since ?? until - day, until };
  const report = (message: string) =>
    issues.push({ code: "custom", path: ["since"], message, input: window.since });
  if (window.since >= until) report("must be before until");
  if (until - window.since > windowMax) report("must be at most 731 days before until");
  return window;
}
