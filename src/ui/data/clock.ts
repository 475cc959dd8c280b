/** The page's clock: Mars' own time, as its answers say it, so that a viewer's clock that is wrong makes no age wrong. */
import { signal } from "@preact/signals";

/** How far Mars' clock is ahead of the viewer's, in milliseconds. */
let aheadMs = 0;

/** Milliseconds since 1970; moves once a second. */
export const now = signal(Date.now());

export function nowMs(): number {
  return Date.now() + aheadMs;
}

/** Takes the clock of an answer that was just read. */
export function setClock(time: string): void {
  const ahead = Date.parse(time) - Date.now();
  // The way of an answer takes some time, which is no difference of clocks.
  aheadMs = Math.abs(ahead) < 2_000 ? 0 : ahead;
}

const tick = () => {
  if (document.visibilityState === "visible") now.value = nowMs();
};
setInterval(tick, 1_000);
document.addEventListener("visibilitychange", tick);
