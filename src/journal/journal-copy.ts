/** Copies a range of a journal as segments of their own: the same journal, by its id, with no other events in it. */

import { isChange } from "../core/journal.ts";
import { decodeRecord, encodeEvents } from "./journal-format.ts";
import type { JournalRecord } from "./journal-record.ts";
import { encodeHeader, encodeRecord, newSalt } from "./journal-record.ts";
import { segmentName } from "./journal-recovery.ts";

/** Of a segment; the next one begins when it is reached. A segment has one record more at most. */
const segmentBytes = 4 * 1024 * 1024;
/** See `SegmentHeader.granule`. */
const granule = 256 * 1024;

export interface JournalRange {
  /** Of the journal. */
  readonly id: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
  /** Of the first segment. Default: 1. */
  readonly number?: number;
}

export interface SegmentCopy {
  /** Of its file. */
  readonly name: string;
  /** Of its last record; the last one before it while it has none. */
  readonly lastSeq: number;
  /** All of the file. */
  readonly bytes: Buffer;
}

/**
 * Yields at least one segment, for the journal's id is in it. One is in memory at a time.
 *
 * @param records those of the journal that have events of the range, in their order, and perhaps others
 */
export async function* copySegments(
  records: AsyncIterable<JournalRecord> | Iterable<JournalRecord>,
  { id, after, upTo, number = 1 }: JournalRange,
): AsyncGenerator<SegmentCopy> {
  let segment = new SegmentBytes(id, number, after);
  for await (const one of records) {
    const record = within(one, after, upTo);
    if (record !== undefined) {
      if (segment.bytes >= segmentBytes) {
        yield segment.end();
        segment = new SegmentBytes(id, segment.number + 1, segment.lastSeq);
      }
      segment.add(record);
    }
    if (one.lastSeq >= upTo) break;
  }
  yield segment.end();
}

/** A record without the events that are not of the range; `undefined` where none is left. */
function within(record: JournalRecord, after: number, upTo: number): JournalRecord | undefined {
  if (record.firstSeq > after && record.lastSeq <= upTo) return record;
  const entry = decodeRecord(record);
  if (isChange(entry)) return undefined;
  const events = entry.filter(({ seq }) => seq > after && seq <= upTo);
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { firstSeq: first.seq, lastSeq: last.seq, body: encodeEvents(events) };
}

class SegmentBytes {
  readonly number: number;
  readonly #salt = newSalt();
  readonly #after: number;
  readonly #pieces: Buffer[] = [];
  lastSeq: number;
  bytes = 0;

  constructor(id: string, number: number, after: number) {
    this.number = number;
    this.#after = after;
    this.lastSeq = after;
    const header = { salt: this.#salt, number, granule, after, upTo: 0, id };
    this.#put(encodeHeader(header));
  }

  add(record: JournalRecord): void {
    this.#put(encodeRecord(this.#salt, record));
    this.lastSeq = record.lastSeq;
  }

  end(): SegmentCopy {
    this.#put(Buffer.alloc((granule - (this.bytes % granule)) % granule));
    const name = segmentName(this.#after, this.number);
    return { name, lastSeq: this.lastSeq, bytes: Buffer.concat(this.#pieces) };
  }

  #put(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.bytes += bytes.length;
  }
}
