/** Changes of findings, grouped by app, kind and hop: the unit that rules match. Pure. */
import type { Micros } from "../core/event.ts";
import type { Finding, FindingKind } from "../lifecycle/finding.ts";
import type { IncidentKey } from "./incident.ts";

/** When findings were raised. */
export interface Raised {
  readonly first: Micros;
  readonly last: Micros;
  /** All of them, in order. */
  readonly times: readonly Micros[];
}

/** Changes of findings of one app, kind and hop. */
export interface HopChanges extends Omit<IncidentKey, "rule" | "kind"> {
  readonly kind: FindingKind;
  readonly versions: readonly number[];
  /** Of the active ones that were not imported; absent where there are none. */
  readonly raised?: Raised;
}

/**
 * @param isImported whether the finding is about a message that was imported, or follows from a backfill
 * @param countsFrom what was raised up to here is nothing new
 */
export function changesByHop(
  findings: readonly Finding[],
  {
    isImported,
    countsFrom = 0,
  }: { readonly isImported: (finding: Finding) => boolean; readonly countsFrom?: Micros },
): HopChanges[] {
  const groups = Map.groupBy(findings, ({ appId, kind, stage, after }) =>
    JSON.stringify([appId, kind, stage, after]),
  );
  return [...groups.values()].map((group): HopChanges => {
    const { appId, kind, stage, after } = group[0]!;
    const own = group.filter((finding) => finding.retractedAt === undefined && !isImported(finding));
    const times = own
      .map(({ raisedAt }) => raisedAt)
      .filter((raisedAt) => raisedAt > countsFrom)
      .sort((a, b) => a - b);
    return {
      appId,
      kind,
      stage,
      after,
      versions: [...new Set(group.map(({ version }) => version))],
      ...(times.length > 0 && { raised: { first: times[0]!, last: times.at(-1)!, times } }),
    };
  });
}
