/** Compares what is in the database files with what the clients know. Mars must not be running. */
import { SegmentedJournal } from "../../src/journal/segmented-journal.ts";
import { openBeside } from "../support/beside.ts";
import type { Ledger } from "./ledger.ts";

export interface Verdict {
  readonly found: number;
  /** Acknowledged and not there. */
  readonly lost: number;
  /** There twice, or counted as a repeat though it was sent once. */
  readonly doubled: number;
  /** There and never sent, or there with another content. */
  readonly foreign: number;
  /** What the database says of itself, then the journal, whose records all carry a checksum. */
  readonly integrity: string;
  /** The seqs that are stored, in order. */
  readonly seqs: number[];
}

export async function verify(dataDir: string, ledger: Ledger): Promise<Verdict> {
  const messages = openBeside({ dataDir });
  const check = await messages.execute("PRAGMA integrity_check");
  const integrity = `${check.rows[0]?.integrity_check}, ${await checkJournal(`${dataDir}/journal`)}`;
  const { rows } = await messages.execute(
    `SELECT e.seq, m.app_id, m.message_id, e.event, e.created_at, e.duplicates
     FROM events e LEFT JOIN messages m ON m.id = e.message ORDER BY e.seq`,
  );
  const seen = new Set<unknown>();
  let lost = 0;
  let doubled = 0;
  let foreign = 0;
  for (const row of rows) {
    const entry = ledger.find(String(row.message_id), String(row.event));
    if (
      entry === undefined ||
      entry.appId !== row.app_id ||
      Date.parse(entry.createdAt) * 1000 !== row.created_at
    ) {
      foreign++;
      continue;
    }
    // Each acknowledged sending is applied exactly once; of those without an answer each may or may not be.
    const applied = Number(row.duplicates) + 1;
    if (seen.has(entry) || applied > entry.sent) doubled++;
    else if (applied < entry.acknowledged) lost++;
    seen.add(entry);
  }
  for (const entry of ledger.entries.values()) if (entry.acknowledged > 0 && !seen.has(entry)) lost++;
  messages.close();
  // The driver lets go of the file only then.
  Bun.gc(true);
  return { found: seen.size, lost, doubled, foreign, integrity, seqs: rows.map((row) => Number(row.seq)) };
}

async function checkJournal(directory: string): Promise<string> {
  const journal = new SegmentedJournal({ directory, bytesMax: 2 ** 31 });
  try {
    await journal.open();
    return "ok";
  } catch (error) {
    return String(error);
  } finally {
    await journal.close();
  }
}
