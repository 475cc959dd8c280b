/** Of which messages it is taken how long a step normally takes, wherever that is shown. */
import type { Micros } from "./event.ts";
import type { Window } from "./window.ts";

/** By whole days (UTC), today among them: each is one histogram to read. */
export const normalDays = 7;
const day = 86_400_000_000;

export function normalWindow(clock: Micros): Window {
  const until = (Math.floor(clock / day) + 1) * day;
  return { since: until - normalDays * day, until };
}
