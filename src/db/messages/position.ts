/** The journal's position in the database: how far it is stored, and which seqs come next. */
import type { InStatement } from "@libsql/client";
import type { JournalState } from "../../core/journal.ts";
import { leapFrom } from "../../core/leap.ts";
import type { StorePosition } from "../../core/ports.ts";
import { nowMicros } from "../../core/time.ts";
import { positionSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import { knownPosition, movePosition } from "./apply-sql.ts";

/** A sequence that leaps at each start. */
export type Sequence = "events" | "findings";

/**
 * Finds or makes the journal's place in the database, and records where the sequence leaps.
 *
 * @param nextSeq the first seq to be assigned, as far as the journal knows
 */
export async function findPosition(
  database: Database,
  journal: JournalState,
  nextSeq: number,
): Promise<Omit<StorePosition, "setAside">> {
  const [known, last] = await database.batch([knownPosition(journal.id), positionSql.lastOfAll], "read");
  const givenOut = Number(last?.rows[0]?.seq);
  const lastOf = Math.max(givenOut, Number(last?.rows[0]?.leapt));
  const projected = Number(last?.rows[0]?.projected);
  const unprojected = Number(last?.rows[0]?.unprojected);
  const stored = known?.rows[0]?.seq === undefined ? undefined : Number(known.rows[0].seq);
  const next = lastOf < nextSeq ? nextSeq : leapFrom(lastOf, nowMicros()) + 1;
  const isNew = stored === undefined && journal.lastSeq === 0;
  // Events before the journal's first record were stored, or are lost.
  const trimmedTo = Math.max(journal.firstSeq - 1, 0);
  // A journal that ran elsewhere still has its records to store. A new one continues behind the journals before it.
  const seq = isNew ? next - 1 : Math.max(stored ?? 0, trimmedTo);
  const lost = isNew ? 0 : seq - (stored ?? 0);
  // Another journal's events lie behind the ones that this journal has still to store: a subscriber of those misses these.
  const late = seq < journal.lastSeq && journal.lastSeq < givenOut;
  const statements: InStatement[] = [
    leap("events", late ? seq : Math.max(givenOut, journal.lastSeq), next - 1),
  ];
  if (stored === undefined) {
    statements.push({
      sql: "INSERT INTO positions (journal_id, continues_from, seq) VALUES (?1, ?2, ?2)",
      args: [journal.id, seq],
    });
  } else if (seq !== stored) statements.push(movePosition(journal.id, { from: stored, to: seq }));
  // A subscriber that resumes from between the two has a gap.
  if (lost > 0) statements.push({ sql: "UPDATE pruned SET seq = max(seq, ?)", args: [seq] });
  statements.push(...mergeGaps);
  await database.batch(statements, "write");
  const receivedAt = Number(last?.rows[0]?.received_at);
  return { seq, lost, receivedAt, nextSeq: next, givenOut, projected, unprojected };
}

/** Records that the seqs between the two were never assigned. */
export function leap(sequence: Sequence, after: number, before: number): InStatement {
  return { sql: positionSql.leap, args: [sequence, after, before] };
}

/** The end of a gap that holds the seq; no row or `NULL` where none does. */
export function gapAround(sequence: Sequence, seq: number): InStatement {
  return { sql: positionSql.gapAround, args: [sequence, seq] };
}

/** Leaps that are kept of each sequence. The oldest become one. */
const gapsMax = 1_000;

const mergeGaps: InStatement[] = (["events", "findings"] as const).flatMap((sequence) => {
  const args = [sequence, gapsMax];
  return [
    { sql: positionSql.extendOldestGap, args },
    { sql: positionSql.deleteMergedGaps, args },
  ];
});
