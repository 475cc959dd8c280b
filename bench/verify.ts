/** Compares the acknowledged events with the stored ones. Reads the database files, so Mars must not be running. */
import { createClient } from "@libsql/client";

export interface Stored {
  readonly events: number;
  /** Events that came again. */
  readonly duplicates: number;
}

/** Counts what is in the database of a stopped Mars; nothing where there is no database yet. */
export async function countStored(dataDir: string): Promise<Stored> {
  if (!(await Bun.file(`${dataDir}/messages.db`).exists())) return { events: 0, duplicates: 0 };
  const client = createClient({ url: `file:${dataDir}/messages.db` });
  try {
    const { rows } = await client.execute("SELECT count(*) AS n, sum(duplicates) AS again FROM events");
    return { events: Number(rows[0]?.n), duplicates: Number(rows[0]?.again ?? 0) };
  } finally {
    client.close();
    // The driver lets go of the files only then.
    Bun.gc(true);
  }
}

export interface Claims {
  readonly name: string;
  /** Before the first event and after the last one. */
  readonly before: Stored;
  readonly after: Stored;
  /** Events that were acknowledged to clients. */
  readonly acknowledged: number;
  /** The most events whose answers clients may not have read. */
  readonly unanswered: number;
  /** The accepted events, by Mars' own count. */
  readonly accepted: number;
  /** No event was sent twice, so none may have been counted as sent again. */
  readonly distinct: boolean;
}

/** The differences; empty where all is well. */
export function findFaults(claims: Claims): string[] {
  const { name, before, after, acknowledged, unanswered, accepted } = claims;
  const again = after.duplicates - before.duplicates;
  const stored = after.events - before.events + again;
  const faults: string[] = [];
  if (stored < acknowledged) faults.push(`${acknowledged - stored} of ${acknowledged} acknowledged are lost`);
  if (stored > acknowledged + unanswered) {
    faults.push(`${stored} are stored, and at most ${acknowledged + unanswered} were sent`);
  }
  if (stored !== accepted) faults.push(`Mars accepted ${accepted} and stored ${stored}`);
  if (claims.distinct && again !== 0) faults.push(`${again} are counted as repeats and none was sent twice`);
  return faults.map((fault) => `${name}: ${fault}`);
}
