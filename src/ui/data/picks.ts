/** Rows that are picked, in the address: so they survive a reload and can be shared. */
import { say } from "../frame/toasts.tsx";
import { parsePicks, picksMax, picksText } from "./pick-text.ts";
import { go, here, parameter } from "./route.ts";
import { countText } from "./text.ts";

const name = "picked";

/** Takes the picks away, as a change of the address. */
export const nothingPicked = { [name]: undefined };

/** The ids, in rising order; what is no id in the address is left out. */
export function picks(): ReadonlySet<number> {
  return new Set(parsePicks(parameter(name) ?? ""));
}

/** Puts these into the address; beyond the bound none more is taken, and the page says so. */
export function pick(ids: Iterable<number>): void {
  const all = [...new Set(ids)];
  if (all.length > picksMax) say(`At most ${countText(picksMax)} rows can be picked at once.`);
  const text = picksText(all.slice(0, picksMax));
  // No step of its own: back leads to the screen before.
  go(here({ [name]: text === "" ? undefined : text }), { replace: true });
}
