/** The incidents that follow from changes of findings: which grow, and which open. */
import type { Micros } from "../core/event.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { EvaluatorState, WatchedIncident } from "./evaluator-state.ts";
import type { CountGroup } from "./figures.ts";
import { changesByHop, type HopChanges } from "./hop-changes.ts";
import { extendIncident, type Incident, incidentKey, notAhead, openIncident } from "./incident.ts";
import type { AlertReader } from "./ports.ts";
import { type AlertRule, importedAfter, importedAfterMin, ruleMatches } from "./rule.ts";

export interface ApplyOptions {
  readonly reader: Pick<AlertReader, "alertCounts" | "alertArrivals">;
  readonly clock: Micros;
}

/** Changes that may open an incident of the rule, or extend it. */
interface Candidate {
  readonly rule: AlertRule;
  readonly hop: HopChanges;
}

/** @returns the incidents that the findings extend, and those that they open */
export async function applyChanges(
  findings: readonly Finding[],
  state: EvaluatorState,
  { reader, clock }: ApplyOptions,
): Promise<{ extended: Incident[]; opened: Incident[] }> {
  const arrivals = await arrivalsOf(findings, reader);
  const byThreshold = new Map<string, readonly HopChanges[]>();
  const earliest = findings.reduce((min, { raisedAt }) => Math.min(min, raisedAt), Number.POSITIVE_INFINITY);
  const extended: Incident[] = [];
  const candidates: Candidate[] = [];
  for (const rule of state.rules.values()) {
    const threshold = importedAfter(rule);
    const { countsFrom = 0 } = rule;
    // Nearly always the rule is older than all of them.
    const from = countsFrom < earliest ? 0 : countsFrom;
    const key = `${threshold} ${from}`;
    const hops =
      byThreshold.get(key) ??
      changesByHop(findings, {
        isImported: ({ id, imported }) => imported === true || (arrivals.get(id) ?? 0) > threshold,
        countsFrom: from,
      });
    byThreshold.set(key, hops);
    for (const hop of hops) {
      if (!ruleMatches(rule, hop)) continue;
      const candidate = { rule, hop };
      const watched = state.incidents.get(incidentKey({ ...hop, rule: rule.id }));
      if (watched !== undefined) extended.push(...extend(watched, candidate, clock));
      else if (hop.raised !== undefined) candidates.push(candidate);
    }
  }
  return { extended, opened: await open(candidates, state, { reader, clock }) };
}

function extend(watched: WatchedIncident, { rule, hop }: Candidate, clock: Micros): Incident[] {
  watched.dueAt = 0;
  if (hop.raised === undefined) return [];
  watched.extendedAt = clock;
  watched.extendedFrom ??= clock;
  return [notAhead(extendIncident(watched.incident, hop, rule), clock)];
}

/** The incidents that open: where enough active findings were raised within the rule's window. */
async function open(
  candidates: readonly Candidate[],
  state: EvaluatorState,
  { reader, clock }: ApplyOptions,
): Promise<Incident[]> {
  // Where one is enough there is nothing to count.
  const counted = candidates.filter(({ rule }) => rule.atLeast > 1);
  const counts = await reader.alertCounts(counted.map(({ rule, hop }) => groupOf(rule, hop, clock)));
  const few = new Set(counted.filter(({ rule }, index) => (counts[index] ?? 0) < rule.atLeast));
  return candidates
    .filter((candidate) => !few.has(candidate))
    .map(({ rule, hop }, index) => {
      const id = state.lastIncident + 1 + index;
      return notAhead(openIncident(rule, hop, { id, clock }), clock);
    });
}

function groupOf(
  rule: AlertRule,
  { appId, kind, stage, versions, raised }: HopChanges,
  clock: Micros,
): CountGroup {
  const since = Math.max((raised?.last ?? clock) - rule.windowMs * 1_000, (rule.countsFrom ?? -1) + 1);
  return { appId, kind, stage, versions, since, importedAfter: importedAfter(rule) };
}

/** How long after they were due the messages of findings arrived, by the finding's id; of those that may be imported. */
async function arrivalsOf(
  findings: readonly Finding[],
  reader: Pick<AlertReader, "alertArrivals">,
): Promise<ReadonlyMap<number, Micros>> {
  const old = findings.filter(
    ({ raisedAt, dueAt, retractedAt }) => retractedAt === undefined && raisedAt - dueAt > importedAfterMin,
  );
  return old.length === 0 ? new Map() : new Map(await reader.alertArrivals(old.map(({ id }) => id)));
}
