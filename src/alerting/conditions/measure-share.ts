/** Measures shares: where findings are raised that a rule counts, and where an incident is open. */
import type { Micros } from "../../core/event.ts";
import type { Finding, FindingKind } from "../../lifecycle/finding.ts";
import { type Figures, samplesMax } from "../figures.ts";
import type { OpeningHop } from "../incident.ts";
import type { AlertReader } from "../ports.ts";
import { type AlertRule, importedAfter, isOfHop } from "../rule.ts";
import { noFigures } from "./measured.ts";
import type { Opening } from "./opening.ts";
import { isOfFailure, kindsToCount, measureShare } from "./share.ts";

export type ShareReader = Pick<AlertReader, "alertFigures" | "alertHopTimes">;

/** Where findings were raised that rules for shares count, and their share is too high. */
export async function sharesOf(
  reader: ShareReader,
  findings: readonly Finding[],
  rules: Iterable<AlertRule>,
  clock: Micros,
): Promise<Opening[]> {
  const openings: Opening[] = [];
  for (const rule of rules) {
    if (rule.condition?.type !== "share") continue;
    const raised = findings.filter(
      (finding) =>
        finding.retractedAt === undefined && rule.kinds.includes(finding.kind) && isOfHop(rule, finding),
    );
    const hops = Map.groupBy(raised, ({ appId, stage, after }) => JSON.stringify([appId, stage, after]));
    for (const [first, ...others] of hops.values()) {
      const { appId, stage, after, version } = first!;
      const versions = [...new Set([version, ...others.map((one) => one.version)])];
      const hop = { kind: "share", appId, stage, after, versions } as const;
      const { measured } = await shareFigures(reader, rule, hop, clock);
      if (measured?.holds === true) openings.push({ rule, hop });
    }
  }
  return openings;
}

/** The figures of one hop, with `measured`. */
export async function shareFigures(
  reader: ShareReader,
  rule: AlertRule,
  { appId, stage, after, versions }: Omit<OpeningHop, "kind">,
  clock: Micros,
): Promise<Figures> {
  const { condition, kinds, atLeast, windowMs } = rule;
  if (condition?.type !== "share") return noFigures;
  const since = clock - windowMs * 1_000;
  const counting = kindsToCount(kinds);
  const group = { appId, stage, versions, since, freshFrom: since, recentFrom: since, incident: 0 };
  const read = await reader.alertFigures(
    counting.map((kind) => ({ ...group, kind, importedAfter: importedAfter(rule) })),
  );
  const times = await reader.alertHopTimes({
    appId,
    percentile: 50,
    windows: [{ since, until: clock }],
  });
  const whole = isOfFailure(kinds);
  const passed = times.find(
    (one) => one.stage === (whole ? "" : stage) && one.after === (whole ? "" : after),
  );
  const counts = new Map<FindingKind, number>(counting.map((kind, index) => [kind, read[index]!.recent]));
  const own = read.filter((_, index) => kinds.includes(counting[index]!));
  const { count, ...measured } = measureShare(condition, kinds, {
    counts,
    passed: passed?.count ?? 0,
    atLeast,
  });
  // All that it counts is of the window.
  const sinces = own.flatMap(({ freshSince = [] }) => freshSince);
  return {
    ...noFigures,
    count,
    fresh: count,
    recent: count,
    ...(sinces.length > 0 && { since: Math.min(...sinces), freshSince: Math.min(...sinces) }),
    samples: own.flatMap(({ samples }) => samples).slice(0, samplesMax),
    measured,
  };
}
