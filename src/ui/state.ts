/** Where a message stands along its lifecycle, in words and in a colour. */
import type { Lifecycle, State } from "./api.ts";
import { element } from "./dom.ts";
import { durationText } from "./time.ts";

export function stateElement(state: State): HTMLElement {
  return element("span", { class: `state ${state}` }, state);
}

/**
 * What is wrong with the message's stages, the worst first; empty while nothing is.
 *
 * @param now as `Date.now()` has it
 */
export function troublesOf({ stages }: Lifecycle, now: number): string[] {
  const since = (time: string) => durationText(Math.max(0, now - Date.parse(time)));
  return [
    ...stages.flatMap(({ stage, missing_since }) =>
      missing_since === null ? [] : [`${stage} has been due for ${since(missing_since)}`],
    ),
    ...stages.flatMap(({ stage, status }) => (status === "skipped" ? [`${stage} was skipped`] : [])),
    ...stages.flatMap(({ stage, late_by_ms }) =>
      late_by_ms === null ? [] : [`${stage} came ${durationText(late_by_ms)} late`],
    ),
  ];
}
