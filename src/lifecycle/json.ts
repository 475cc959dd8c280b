/** The JSON form of lifecycles and findings, the same in every protocol that speaks JSON. Absent values are `null`. */
import type { Micros } from "../core/event.ts";
import { owedToJson } from "../core/json.ts";
import { markToJson } from "../core/mark.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime, microsBetween } from "../core/time.ts";
import { definitionToJson, type LifecycleVersion } from "./definition.ts";
import type { Finding } from "./finding.ts";
import type { FindingPage, OverduePage } from "./finding-query.ts";
import { type OverdueGroupPage, type OverdueGroupQuery, overdueAges } from "./overdue-groups.ts";

export function findingToJson(finding: Finding) {
  return {
    seq: finding.seq,
    id: finding.id,
    app_id: finding.appId,
    message_id: finding.messageId,
    run: finding.run,
    kind: finding.kind,
    ...stageToJson(finding.stage, finding.after),
    version: finding.version,
    state: finding.retractedAt === undefined ? ("current" as const) : ("retracted" as const),
    due_at: formatTime(finding.dueAt),
    raised_at: formatTime(finding.raisedAt),
    retracted_at: timeOrNull(finding.retractedAt),
    ended_by: finding.endedBy ?? null,
    imported: finding.imported === true,
    late_by_ms: finding.lateBy === 0 ? null : milliseconds(finding.lateBy),
    owed: owedToJson(finding.owed),
    triage: markToJson(finding.mark),
  };
}

export function findingPageToJson(page: FindingPage) {
  return {
    findings: page.findings.map(findingToJson),
    next_cursor: page.nextCursor ?? null,
    as_of_seq: page.asOfSeq,
  };
}

/** @param asOfSeq every event up to here counts */
export function overduePageToJson({ overdue, nextCursor, clock }: OverduePage, asOfSeq: number) {
  return {
    overdue: overdue.map(({ finding, startedAt, hopP99 }) => ({
      ...findingToJson(finding),
      started_at: formatTime(startedAt),
      overdue_for_ms: milliseconds(Math.max(0, microsBetween(finding.dueAt, clock))),
      age_ms: milliseconds(Math.max(0, microsBetween(startedAt, clock))),
      hop_p99_ms: hopP99 === undefined ? null : milliseconds(hopP99),
    })),
    next_cursor: nextCursor ?? null,
    as_of_seq: asOfSeq,
    clock: formatTime(clock),
  };
}

/**
 * @param messages makes the link to the messages of a group
 * @param asOfSeq every event up to here counts
 */
export function overdueGroupPageToJson(
  { groups, nextCursor, partial }: OverdueGroupPage,
  { clock, newSince }: Pick<OverdueGroupQuery, "clock" | "newSince">,
  messages: (filters: Readonly<Record<string, string>>) => string,
  asOfSeq: number,
) {
  return {
    groups: groups.map(({ appId, stage, after, longest, normalP99, ...group }) => ({
      app_id: appId,
      ...stageToJson(stage, after),
      total: group.total,
      new: group.fresh,
      acknowledged: group.acknowledged,
      longest:
        longest === undefined ? null : { message_id: longest.messageId, due_at: formatTime(longest.dueAt) },
      ages: overdueAges.map(({ over }, index) => ({ over, count: group.ages[index] ?? 0 })),
      normal_p99_ms: normalP99 === undefined ? null : milliseconds(normalP99),
      messages: messages({ app_id: appId, stage, after, stage_state: "overdue" }),
    })),
    new_since: formatTime(newSince),
    ...(partial && { partial: true as const }),
    next_cursor: nextCursor ?? null,
    as_of_seq: asOfSeq,
    clock: formatTime(clock),
  };
}

export function lifecycleToJson(version: LifecycleVersion) {
  return {
    version: version.version,
    created_at: formatTime(version.createdAt),
    put_by: version.putBy ?? null,
    note: version.note ?? null,
    lifecycle: version.definition === undefined ? null : definitionToJson(version.definition),
    backfill: version.backfill ?? null,
  };
}

function milliseconds(micros: Micros): number {
  return micros / 1_000;
}

function timeOrNull(at: Micros | undefined): string | null {
  return at === undefined ? null : formatTime(at);
}
