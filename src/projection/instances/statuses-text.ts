/** The column `statuses` of instances: how a message stands with each stage, as the funnel counts it. */
import type { FunnelStatus } from "../../core/state.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";

const statusesByLetter: Readonly<Record<string, FunnelStatus>> = {
  r: "reached",
  w: "waiting",
  o: "overdue",
  n: "never",
};

/** `;<stage><letter>` for each stage, and a `;` at the end, so that one of them can be looked for. */
export function statusesText({ stageIds }: StoredLifecycle, statuses: readonly FunnelStatus[]): string {
  let text = "";
  for (let index = 0; index < statuses.length; index++) text += `;${stageIds[index]}${statuses[index]![0]}`;
  return `${text};`;
}

/** The statuses by the lifecycle's stages. */
export function statusesOf(text: string): FunnelStatus[] {
  return text
    .split(";")
    .filter((part) => part !== "")
    .map((part) => statusesByLetter[part.at(-1)!]!);
}
