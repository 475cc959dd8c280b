/** As-of restore: takes the events and changes beyond a point out of the segments of a restored journal. */
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Micros, SequencedEvent } from "../core/event.ts";
import { isChange } from "../core/journal.ts";
import { formatTime, parseTime } from "../core/time.ts";
import { copySegments } from "../journal/journal-copy.ts";
import { decodeRecord } from "../journal/journal-format.ts";
import { decodeHeader, headerBytes, type SegmentHeader } from "../journal/journal-record.ts";
import { wholeRecords } from "../journal/journal-scan.ts";
import type { Manifest } from "./manifest.ts";
import { writeDurably } from "./restored-file.ts";

/** The last event or change that is wanted: its seq, or the latest time of receipt. */
export type Until = { readonly seq: number } | { readonly time: Micros };

/** @returns why the backup does not have that point; `undefined` where it does */
export function untilProblem(until: Until, manifest: Manifest): string | undefined {
  const { snapshot_seq, seq, began_at, ended_at } = manifest;
  const outside =
    "seq" in until
      ? until.seq < snapshot_seq || until.seq > seq
      : until.time < timeOf(began_at) || until.time > timeOf(ended_at);
  if (!outside) return undefined;
  const wanted = "seq" in until ? `seq ${until.seq}` : formatTime(until.time);
  return `the backup does not have ${wanted}: its points are seq ${snapshot_seq} to ${seq}, ${began_at} to ${ended_at}`;
}

/** @param directory of the journal. @returns the last seq that is left */
export async function cutJournal(directory: string, until: Until, manifest: Manifest): Promise<number> {
  let last = manifest.snapshot_seq;
  let over = false;
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    const bytes = await readFile(path);
    const header = decodeHeader(bytes);
    if (header === undefined) throw new Error(`${path} has no header`);
    const records = recordsOf(bytes, header);
    const end = "seq" in until ? until.seq : lastBefore(records, until.time, header.after);
    const lastOfSegment = records.at(-1)?.lastSeq ?? header.after;
    if (over) await unlink(path);
    else if (lastOfSegment > end) {
      over = true;
      const { id, after, number } = header;
      for await (const cut of copySegments(records, { id, after, upTo: end, number })) {
        await writeDurably(path, cut.bytes);
        last = Math.max(last, cut.lastSeq);
      }
    } else last = Math.max(last, lastOfSegment);
  }
  return last;
}

function recordsOf(bytes: Buffer, { salt, after }: SegmentHeader) {
  return [...wholeRecords(bytes, { salt, from: headerBytes, after })];
}

function lastBefore(records: ReturnType<typeof recordsOf>, time: Micros, after: number): number {
  let last = after;
  for (const record of records) {
    const entry = decodeRecord(record);
    const times = isChange(entry) ? [[entry.seq, entry.change.at] as const] : entry.map(timeOfReceipt);
    for (const [seq, at] of times) {
      // Times of receipt never go back.
      if (at > time) return last;
      last = seq;
    }
  }
  return last;
}

function timeOfReceipt({ seq, receivedAt }: SequencedEvent): readonly [seq: number, at: Micros] {
  return [seq, receivedAt];
}

function timeOf(text: string): Micros {
  const time = parseTime(text);
  if (typeof time === "string") throw new Error(`the manifest has a time that ${time}`);
  return time;
}
