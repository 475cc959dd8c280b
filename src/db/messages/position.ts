/** Where a journal and a database go on together: how far it has been stored, and which seqs come next. */
import type { InStatement } from "@libsql/client";
import { leapFrom } from "../../core/leap.ts";
import type { JournalState, StorePosition } from "../../core/ports.ts";
import { nowMicros } from "../../core/time.ts";
import type { Database } from "../database.ts";
import { knownPosition, movePosition } from "./apply-sql.ts";

/** A sequence that leaps at each start. */
export type Sequence = "events" | "findings";

/** The last seq of a database, of any journal, the projector's place, and where sequences have leapt to. */
const lastOfAll = `SELECT max(coalesce((SELECT max(seq) FROM positions), 0), coalesce((SELECT max(seq) FROM events), 0),
    (SELECT seq FROM pruned), projection.seq) AS seq,
  coalesce((SELECT max(before) FROM gaps WHERE sequence = 'events'), 0) AS leapt,
  coalesce((SELECT received_at FROM events ORDER BY seq DESC LIMIT 1), 0) AS received_at, projection.seq AS projected,
  (SELECT count(*) FROM (SELECT 1 FROM events WHERE events.seq > projection.seq LIMIT 100000)) AS unprojected
  FROM projection`;

/**
 * Finds or makes the journal's place in the database, and writes down where the sequence leaps.
 *
 * @param nextSeq the first seq to be given out, as far as the journal knows
 */
export async function findPosition(
  database: Database,
  journal: JournalState,
  nextSeq: number,
): Promise<Omit<StorePosition, "setAside">> {
  const [known, last] = await database.batch([knownPosition(journal.id), lastOfAll], "read");
  const givenOut = Number(last?.rows[0]?.seq);
  const lastOf = Math.max(givenOut, Number(last?.rows[0]?.leapt));
  const projected = Number(last?.rows[0]?.projected);
  const unprojected = Number(last?.rows[0]?.unprojected);
  const stored = known?.rows[0]?.seq === undefined ? undefined : Number(known.rows[0].seq);
  const next = lastOf < nextSeq ? nextSeq : leapFrom(lastOf, nowMicros()) + 1;
  const isNew = stored === undefined && journal.lastSeq === 0;
  // What lies before the journal's first group was stored, or is gone.
  const trimmedTo = Math.max(journal.firstSeq - 1, 0);
  // A journal that has run elsewhere brings what it still holds. A new one goes on behind those before it.
  const seq = isNew ? next - 1 : Math.max(stored ?? 0, trimmedTo);
  const lost = isNew ? 0 : seq - (stored ?? 0);
  // Another journal's events lie behind what this one has still to store: who has seen those cannot get these.
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
  // Whoever watched up to somewhere in between cannot get everything.
  if (lost > 0) statements.push({ sql: "UPDATE pruned SET seq = max(seq, ?)", args: [seq] });
  statements.push(...mergeGaps);
  await database.batch(statements, "write");
  const receivedAt = Number(last?.rows[0]?.received_at);
  return { seq, lost, receivedAt, nextSeq: next, givenOut, projected, unprojected };
}

/** Writes down that the seqs between the two are not given out. */
export function leap(sequence: Sequence, after: number, before: number): InStatement {
  return {
    sql: `INSERT INTO gaps (sequence, after, before) SELECT ?1, ?2, ?3 WHERE ?3 > ?2 + 1
      ON CONFLICT (sequence, after) DO UPDATE SET before = max(before, excluded.before)`,
    args: [sequence, after, before],
  };
}

/** The end of a gap that holds the seq; no row or `NULL` where none does. */
export function gapAround(sequence: Sequence, seq: number): InStatement {
  return {
    sql: "SELECT max(before) AS seq FROM gaps WHERE sequence = ?1 AND after < ?2 AND before > ?2",
    args: [sequence, seq],
  };
}

/** Leaps that are remembered of each sequence. */
const gapsMax = 1_000;

/** Older leaps become one, with what lies between them: who comes from there has to begin anew, needlessly. */
const mergeGaps: InStatement[] = (["events", "findings"] as const).flatMap((sequence) => {
  const old = `SELECT after, before FROM gaps WHERE sequence = '${sequence}' ORDER BY after DESC LIMIT -1 OFFSET ${gapsMax}`;
  const oldest = `(SELECT min(after) FROM gaps WHERE sequence = '${sequence}')`;
  return [
    `UPDATE gaps SET before = coalesce((SELECT max(before) FROM (${old})), before)
      WHERE sequence = '${sequence}' AND after = ${oldest}`,
    `DELETE FROM gaps WHERE sequence = '${sequence}' AND after <> ${oldest} AND after IN (SELECT after FROM (${old}))`,
  ];
});
