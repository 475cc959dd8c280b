/** The state of a message along its lifecycle, as text and colour. */
import type { Lifecycle, State } from "./api.ts";
import { element } from "./dom.ts";
import { durationText } from "./time.ts";

export function stateElement(state: State): HTMLElement {
  return element("span", { class: `state ${state}` }, state);
}

/**
 * The findings of the message's stages as texts: missing, skipped, late, in this order; empty where there are none.
 *
 * @param now by `Date.now()`
 */
export function findingTexts({ stages }: Lifecycle, now: number): string[] {
  const since = (time: string) => durationText(Math.max(0, now - Date.parse(time)));
  return [
    ...stages.flatMap(({ stage, missing_since }) =>
      missing_since === null ? [] : [`${stage} missing for ${since(missing_since)}`],
    ),
    ...stages.flatMap(({ stage, status }) => (status === "skipped" ? [`${stage} was skipped`] : [])),
    ...stages.flatMap(({ stage, late_by_ms }) =>
      late_by_ms === null ? [] : [`${stage} came ${durationText(late_by_ms)} late`],
    ),
  ];
}
