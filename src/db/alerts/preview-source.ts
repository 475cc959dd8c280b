/** Reads what a preview of a rule replays, a page at a time. Runs on a thread of its own. */

import { kindsToCount } from "../../alerting/conditions/share.ts";
import type { ReplayedFinding } from "../../alerting/preview/finding-replay.ts";
import type { PreviewSource } from "../../alerting/preview/preview.ts";
import { previewFindingsMax } from "../../alerting/preview/preview-limits.ts";
import type { AlertRule } from "../../alerting/rule.ts";
import type { Micros } from "../../core/event.ts";
import type { Window } from "../../core/window.ts";
import { alertsSql } from "../../gen/sql.ts";
import type { FindingKind } from "../../lifecycle/finding.ts";
import type { ReadConnection } from "../read-connection.ts";
import { AlertQueries } from "./alert-queries.ts";

/** Findings that one read examines, and minutes of events. */
const pageFindings = 5_000;
const pageMinutes = 1_440;
/** Findings that are examined, of other rules too. */
const scanMax = 1_000_000;
const minute = 60_000_000;

/** @param check called before each page; ends the run by throwing */
export function createPreviewSource(
  connection: ReadConnection,
  check: () => void,
): Omit<PreviewSource, "drift"> {
  const alerts = new AlertQueries(connection);

  return {
    hopTimes: alerts.hopTimes.bind(alerts),
    calendars: () => alerts.calendars(),

    async findings(rule: AlertRule, { since, until }: Window) {
      const found: ReplayedFinding[] = [];
      const { condition, appId = null, kinds } = rule;
      if (condition !== undefined && condition.type !== "share") return { findings: [], partial: false };
      const counted: readonly FindingKind[] = condition === undefined ? kinds : kindsToCount(kinds);
      let [at, id, examined, full] = [until, Number.MAX_SAFE_INTEGER, 0, false];
      while (!full) {
        check();
        const sql = appId === null ? alertsSql.previewFindings : alertsSql.previewFindingsOfApp;
        const [rows = []] = await connection.read([{ sql, args: [since, at, id, pageFindings, appId] }]);
        examined += rows.length;
        const page = connection.decode(rows, replayedOf);
        for (const one of page) {
          if (found.length >= previewFindingsMax) full = true;
          else if (
            counted.includes(one.kind) &&
            (rule.stage === undefined || rule.stage === one.stage) &&
            (rule.after === undefined || rule.after === one.after)
          )
            found.push(one);
        }
        const last = rows.at(-1);
        if (rows.length < pageFindings || last === undefined) break;
        [at, id] = [Number(last.raised_at), Number(last.id)];
        full ||= examined >= scanMax;
      }
      return { findings: found.reverse(), partial: full };
    },

    async minutesOf(appId: string, event: string, { since, until }: Window): Promise<Micros[]> {
      const minutes: Micros[] = [];
      const end = Math.ceil(until / minute);
      for (let from = Math.floor(since / minute); from < end; from += pageMinutes) {
        check();
        const args = [appId, event, from, Math.min(end, from + pageMinutes)];
        const [rows] = await connection.read([{ sql: alertsSql.previewMinutes, args }]);
        minutes.push(...(rows ?? []).map((row) => Number(row.minute) * minute));
      }
      return minutes;
    },
  };
}

function replayedOf(row: Record<string, unknown>): ReplayedFinding {
  return {
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    run: Number(row.run_number),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    version: Number(row.version),
    dueAt: Number(row.due_at),
    raisedAt: Number(row.raised_at),
    ...(row.retracted_at !== 0 && { retractedAt: Number(row.retracted_at) }),
    lateBy: Number(row.late_by),
    arrivedAfter: Number(row.arrived_after ?? 0),
  };
}
