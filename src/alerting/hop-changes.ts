/** Changes of findings, grouped by app, kind and hop: the unit that rules match. Pure. */
import type { Micros } from "../core/event.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { IncidentKey } from "./incident.ts";

/** Changes of findings of one app, kind and hop. */
export interface HopChanges extends Omit<IncidentKey, "rule"> {
  readonly versions: readonly number[];
  /** Of the active ones; absent where all of the changes are retractions. */
  readonly raised?: { readonly first: Micros; readonly last: Micros };
}

export function changesByHop(findings: readonly Finding[]): HopChanges[] {
  const groups = Map.groupBy(findings, ({ appId, kind, stage, after }) =>
    JSON.stringify([appId, kind, stage, after]),
  );
  return [...groups.values()].map((group): HopChanges => {
    const { appId, kind, stage, after } = group[0]!;
    const times = group
      .filter(({ retractedAt }) => retractedAt === undefined)
      .map(({ raisedAt }) => raisedAt);
    return {
      appId,
      kind,
      stage,
      after,
      versions: [...new Set(group.map(({ version }) => version))],
      // At most one page of findings, so that the argument list is short.
      ...(times.length > 0 && { raised: { first: Math.min(...times), last: Math.max(...times) } }),
    };
  });
}
