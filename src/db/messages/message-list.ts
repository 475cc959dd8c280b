/**
 * The scan of one list page. A few candidates (one id, a rare external id, a selective prefix) are found by their index
 * and sorted. Everything else scans an index in the order asked for.
 */
import type { InStatement, InValue } from "@libsql/client";
import { messageIdBytesMax } from "../../core/limits.ts";
import { markStatuses } from "../../core/mark.ts";
import type { MessageOrder, MessageQuery, MessageTriage } from "../../core/query.ts";
import { shownStates } from "../../core/state.ts";
import { addAttributes, addMessagesWith, rareAttribute } from "../attributes/attribute-conditions.ts";
import { Conditions, prefixBounds } from "../conditions.ts";
import { KeysetScan } from "../keyset-scan.ts";

/** The column of each order: of `messages`, and for `overdue` of `instances`. */
const columns: Readonly<Record<MessageOrder, string>> = {
  newest: "created_at",
  oldest: "created_at",
  updated: "updated_at",
  overdue: "overdue_since",
};

/** The instances of overdue messages, where no others are asked for and the order is another. */
function overdueInstances({
  appId,
  states,
  overdueSince,
  stage,
  order,
}: MessageQuery): Conditions | undefined {
  const only =
    overdueSince !== undefined ||
    stage?.status === "overdue" ||
    (states?.length === 1 && states[0] === "overdue");
  if (!only || order === "overdue") return undefined;
  const instances = new Conditions();
  instances.add("overdue_since <> 0");
  if (appId !== undefined) instances.add(`app = ${appNumber}`, appId);
  return instances;
}

/** Of messages that an attribute has found: most are not overdue, and nothing else of those is looked at. */
function overdueFirst(query: MessageQuery): Conditions {
  const first = new Conditions();
  if (overdueInstances(query) !== undefined)
    first.add("EXISTS (SELECT 1 FROM instances WHERE message = found.message AND overdue_since <> 0)");
  return first;
}

/** The findings with a mark, where messages with one are asked for. */
function markedFindings({ appId, triage }: MessageQuery): Conditions | undefined {
  if (triage === undefined || triage === "none") return undefined;
  const findings = new Conditions();
  findings.add("triage <> 0");
  if (appId !== undefined) findings.add(`app = ${appNumber}`, appId);
  return findings;
}

/** Rows with a column `message`, one of which each message has: of those that are overdue, or that people have marked. */
function rowsOfMessages(
  query: MessageQuery,
): { readonly from: string; readonly args: InValue[] } | undefined {
  const instances = overdueInstances(query);
  if (instances !== undefined) return { from: `instances ${instances.where()}`, args: instances.args };
  const findings = markedFindings(query);
  return findings && { from: `findings ${findings.where()}`, args: findings.args };
}

/**
 * Whether the query's external id, its parent, its prefix, one of its attributes, being overdue, or a mark has few enough messages to find them by it:
 * `few` is 1 if so, and `which` says by which attribute. `undefined` where there is none of these, or an id that needs no counting.
 */
export function countCandidates(query: MessageQuery, scanMax: number): InStatement | undefined {
  if (byAttribute(query)) return rareAttribute(query, scanMax);
  const rows = rowsOfMessages(query);
  const [from, args] =
    query.messageId !== undefined
      ? []
      : query.externalId !== undefined
        ? [`events WHERE ${externalIs}`, [query.externalId]]
        : query.parentId !== undefined
          ? [`children WHERE ${parentIs}`, [query.appId ?? "", query.parentId]]
          : query.prefix !== undefined
            ? [`messages WHERE ${prefixRange("message_id")}`, prefixBounds(query.prefix, messageIdBytesMax)]
            : rows !== undefined
              ? [rows.from, rows.args]
              : [];
  if (from === undefined || args === undefined) return undefined;
  return {
    sql: `SELECT count(*) <= ${scanMax} AS few FROM (SELECT 1 FROM ${from} LIMIT ${scanMax + 1})`,
    args,
  };
}

/** Whether its attributes are what few messages may have. */
function byAttribute({ attributes, ...query }: MessageQuery): boolean {
  return attributes !== undefined && query.messageId === undefined && !byName(query);
}

/** Whether its external id, its parent or the beginning of its id is what few messages may have. */
function byName({ externalId, parentId, prefix }: MessageQuery): boolean {
  return externalId !== undefined || parentId !== undefined || prefix !== undefined;
}

/**
 * Rows of `id`, `app_id`, `message_id`, `event_count` and `at`.
 *
 * @param few whether there are few candidates, and by which attribute; see `countCandidates`
 */
export function scanMessages(
  query: MessageQuery,
  { few, which = 0 }: { readonly few: boolean; readonly which?: number },
  scanMax: number,
): KeysetScan {
  const column = columns[query.order];
  // Few candidates: their own index finds them, and there is no scan to bound. A unary plus keeps SQLite from any other
  // index: a scan must not become a sort, nor a few candidates a scan.
  const direct = query.messageId !== undefined || few;
  const table = query.order === "overdue" ? "l" : "m";
  const scanned = direct ? `+${table}` : table;
  const found = direct ? "m" : "+m";

  const indexed = new Conditions();
  if (query.order === "overdue") indexed.add("l.overdue_since <> 0");
  if (query.appId !== undefined && query.order === "overdue" && !direct) {
    indexed.add(`l.app = ${appNumber}`, query.appId);
  } else if (query.appId !== undefined) {
    indexed.add(`${direct ? "+m" : "m"}.app_id = ?`, query.appId);
  }
  if (query.since !== undefined) indexed.add(`${scanned}.${column} >= ?`, query.since);
  if (query.until !== undefined) indexed.add(`${scanned}.${column} < ?`, query.until);

  const filters = new Conditions();
  filters.addApps("m.app_id", query.apps);
  if (few && byAttribute(query)) addMessagesWith(filters, "m.id", query, which, overdueFirst(query));
  else addAttributes(filters, "m.id", query);
  const rows = rowsOfMessages(query);
  const byRows = !byName(query) && !byAttribute(query);
  if (few && rows !== undefined && byRows) {
    filters.add(`m.id IN (SELECT message FROM ${rows.from})`, ...rows.args);
  }
  if (query.triage !== undefined) {
    filters.add(`EXISTS (SELECT 1 FROM findings WHERE message = m.id AND ${markIs(query.triage)})`);
  }
  if (query.states !== undefined) {
    const states = query.states.map((state) => shownStates.indexOf(state));
    filters.add(
      `coalesce((SELECT state FROM instances WHERE message = m.id), ${untracked}) IN (${states.join(", ")})`,
    );
  }
  if (query.followed) filters.add("EXISTS (SELECT 1 FROM instances WHERE message = m.id)");
  if (query.overdueSince !== undefined) {
    filters.add(
      "EXISTS (SELECT 1 FROM instances WHERE message = m.id AND overdue_since <> 0 AND overdue_since <= ?)",
      query.overdueSince,
    );
  }
  if (query.stage !== undefined) {
    filters.add(
      `EXISTS (SELECT 1 FROM instances JOIN stages s ON s.app = instances.app AND s.stage = ? AND (? IS NULL OR s.after = ?)
        WHERE instances.message = m.id AND instr(instances.statuses, ';' || s.id || ?) > 0)`,
      query.stage.name,
      query.stage.after ?? null,
      query.stage.after ?? null,
      `${query.stage.status[0]};`,
    );
  }
  if (query.event !== undefined) {
    filters.add("EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.event = ?)", query.event);
  }
  if (query.missing !== undefined) {
    filters.add("NOT EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.event = ?)", query.missing);
  }

  if (query.messageId !== undefined) filters.add(`${found}.message_id = ?`, query.messageId);
  if (query.externalId !== undefined) {
    filters.add(
      few
        ? `m.id IN (SELECT message FROM events WHERE ${externalIs})`
        : "EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.external_id = ?)",
      query.externalId,
    );
  }
  if (query.parentId !== undefined) {
    const byParent = few && query.externalId === undefined;
    filters.add(
      byParent
        ? `m.id IN (SELECT child FROM children WHERE ${parentIs})`
        : `EXISTS (SELECT 1 FROM children WHERE child = m.id AND +app = ${appNumber} AND +parent = ?)`,
      query.appId ?? "",
      query.parentId,
    );
  }
  if (query.prefix !== undefined) {
    const byPrefix = query.externalId === undefined && query.parentId === undefined ? found : "+m";
    filters.add(prefixRange(`${byPrefix}.message_id`), ...prefixBounds(query.prefix, messageIdBytesMax));
  }

  return new KeysetScan({
    kind: query.order,
    cursor: query.cursor,
    columns: "m.app_id, m.message_id, m.event_count",
    from:
      query.order !== "overdue"
        ? "messages m"
        : direct
          ? "messages m CROSS JOIN instances l ON l.message = m.id"
          : "instances l CROSS JOIN messages m ON m.id = l.message",
    key: [
      { name: "at", sql: `${table}.${column}`, type: "integer" },
      { name: "id", sql: "m.id", type: "integer" },
    ],
    direction: query.order === "oldest" || query.order === "overdue" ? "ASC" : "DESC",
    indexed,
    filters,
    sorted: direct,
    limit: query.limit,
    scanMax,
  });
}

/** Of a finding. A finding that people have resolved or ignored holds no more. */
function markIs(triage: MessageTriage): string {
  if (triage === "none") return "triage = 0 AND retracted_at = 0";
  const mark = `triage = ${markStatuses.indexOf(triage) + 1}`;
  return triage === "acknowledged" ? `${mark} AND retracted_at = 0` : mark;
}

const untracked = shownStates.indexOf("untracked");

const appNumber = "(SELECT id FROM apps WHERE app_id = ?)";

/** The second half is what the partial index asks for. */
const externalIs = "external_id = ? AND external_id <> ''";

const parentIs = `app = ${appNumber} AND parent = ?`;

function prefixRange(column: string): string {
  return `${column} >= ? AND ${column} <= ?`;
}
