import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  type JournalRecord,
  newSalt,
  recordHeadBytes,
  type SegmentHeader,
} from "../../src/journal/journal-record.ts";
import { segmentName } from "../../src/journal/journal-recovery.ts";
import { JournalSegment } from "../../src/journal/journal-segment.ts";
import { SegmentedJournal } from "../../src/journal/segmented-journal.ts";

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "mars-journal-"));
  directory = join(parent, "journal");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** Small enough that a few records fill a segment. */
const bytesMax = 8 * 1024;

function journalAt(path = directory): SegmentedJournal {
  return new SegmentedJournal({ directory: path, bytesMax });
}

function segmentPaths(): string[] {
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}

function headerOf(number: number, after: number, id: string): SegmentHeader {
  return { salt: newSalt(), number, granule: 4096, after, upTo: 0, id };
}

function record(firstSeq: number, count = 1, body = `record ${firstSeq} é\u{1F600}`): JournalRecord {
  return { firstSeq, lastSeq: firstSeq + count - 1, body };
}

function readAll(journal: SegmentedJournal, from: number, bytes = 500): Promise<JournalRecord[]> {
  return Array.fromAsync(journal.read(from - 1, bytes));
}

/** Records of one to three seqs, with leaps between them as after a start without the database. */
const shapes = fc.array(
  fc.record({
    leap: fc.constantFrom(0, 0, 0, 1000),
    count: fc.integer({ min: 1, max: 3 }),
    // Some larger than a segment, and than what one read asks for.
    size: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(3_000)),
    after: fc.constantFrom("nothing", "nothing", "nothing", "reopen", "trim"),
  }),
  { minLength: 1, maxLength: 90 },
);

test("a journal gives back what it was given, from any seq, and forgets only what is trimmed, over restarts", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(shapes, fc.double({ min: 0, max: 1, noNaN: true }), async (steps, at) => {
      const path = join(directory, `run-${run++}`);
      let journal = journalAt(path);
      const { id } = await journal.open();
      let seq = 0;
      let bytes = 0;
      let trimmedTo = 0;
      const written: JournalRecord[] = [];
      for (const { leap, count, size, after } of steps) {
        const next = record(seq + leap + 1, count, "é".repeat(size));
        seq = next.lastSeq;
        bytes += await journal.append(next);
        written.push(next);
        if (after === "trim") {
          trimmedTo = Math.round(at * seq);
          bytes -= await journal.trim(trimmedTo);
        } else if (after === "reopen") {
          await journal.close();
          journal = journalAt(path);
          const state = await journal.open();
          expect(state).toMatchObject({ id, lastSeq: seq, bytes });
          expect(state.firstSeq).toBeLessThanOrEqual(trimmedTo + 1);
        }
      }
      const from = Math.max(trimmedTo + 1, Math.round(at * seq));
      expect(await readAll(journal, from)).toEqual(written.filter(({ lastSeq }) => lastSeq >= from));
      await journal.close();
    }),
    { numRuns: 40 },
  );
});

test("what is stored makes room, down to an empty segment that remembers the last seq", async () => {
  const journal = journalAt();
  await journal.open();
  let bytes = 0;
  for (let seq = 1; seq <= 40; seq++) bytes += await journal.append(record(seq, 1, "x".repeat(300)));
  expect(segmentPaths().length).toBeGreaterThan(5);
  // Only whole segments go: the one that holds seq 21 and those behind it stay.
  const half = await journal.trim(20);
  expect(half).toBeGreaterThan(0);
  expect((await readAll(journal, 21)).map(({ firstSeq }) => firstSeq)).toEqual(
    [...Array(20).keys()].map((n) => n + 21),
  );
  for (let seq = 41; seq <= 44; seq++) bytes += await journal.append(record(seq, 1, "x".repeat(300)));
  expect(half + (await journal.trim(44))).toBe(bytes);
  expect(segmentPaths().length).toBe(1);
  await journal.close();
  const again = journalAt();
  expect(await again.open()).toMatchObject({ firstSeq: 45, lastSeq: 44, bytes: 0 });
  await again.append(record(45));
  expect(await readAll(again, 45)).toEqual([record(45)]);
  await again.close();
});

test("at any byte at which a crash cuts a record off, those before it are there and the next one follows", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  await journal.append(record(2));
  const marked = readFileSync(`${directory}.mark`);
  const last = await journal.append(record(3));
  await journal.close();
  const [path = ""] = segmentPaths();
  const whole = readFileSync(path);
  const end = whole.indexOf("record 3") - recordHeadBytes + last;
  for (let cut = end - last; cut < end; cut++) {
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    writeFileSync(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(whole.length - cut)]));
    writeFileSync(`${directory}.mark`, marked);
    const again = journalAt();
    expect(await again.open()).toMatchObject({ lastSeq: 2 });
    await again.append(record(3, 2, "another"));
    await again.append(record(5));
    expect(await readAll(again, 2)).toEqual([record(2), record(3, 2, "another"), record(5)]);
    await again.close();
    // What the crash has left stays there: the next record has a segment of its own.
    if (cut > end - last) expect(readFileSync(path).subarray(0, cut)).toEqual(whole.subarray(0, cut));
    const third = journalAt();
    expect(await third.open()).toMatchObject({ lastSeq: 5 });
    await third.close();
  }
});

test("sectors that a power cut kept from the disk belong to a write that was not acknowledged", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  const marked = readFileSync(`${directory}.mark`);
  await journal.append(record(2, 1, "x".repeat(2_000)));
  await journal.close();
  const [path = ""] = segmentPaths();
  const whole = readFileSync(path);
  const start = whole.indexOf("xxx") - recordHeadBytes;
  const end = whole.lastIndexOf("xxx") + 3;
  for (let sector = 512 * Math.floor(start / 512); sector < end; sector += 512) {
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    writeFileSync(path, Buffer.from(whole).fill(0, Math.max(sector, start), Math.min(sector + 512, end)));
    writeFileSync(`${directory}.mark`, marked);
    const again = journalAt();
    expect(await again.open()).toMatchObject({ lastSeq: 1 });
    await again.append(record(2, 1, "another"));
    expect(await readAll(again, 1)).toEqual([record(1), record(2, 1, "another")]);
    await again.close();
  }
});

test("a segment whose making was cut short is made again", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  await journal.close();
  // It has no name of its own before it is whole.
  writeFileSync(join(directory, "0000000000000002-00000002.segment.new"), "marsjrnl");
  const next = journalAt();
  expect(await next.open()).toMatchObject({ lastSeq: 1 });
  for (let seq = 2; seq <= 6; seq++) await next.append(record(seq, 1, "x".repeat(600)));
  await next.close();
  const again = journalAt();
  expect(await again.open()).toMatchObject({ firstSeq: 1, lastSeq: 6 });
  await again.close();
});

test("a segment that could neither be made nor deleted hides nothing of what its predecessor went on to hold", async () => {
  const journal = journalAt();
  const { id } = await journal.open();
  await journal.append(record(1));
  const handle = await open(directory);
  const path = join(directory, segmentName(1, 2));
  const stillborn = await JournalSegment.create({ path, header: headerOf(2, 1, id), bytesMax }, handle);
  await stillborn.close();
  await handle.close();
  await journal.append(record(2));
  await journal.close();
  const again = journalAt();
  expect(await again.open()).toMatchObject({ lastSeq: 2 });
  expect(await readAll(again, 1)).toEqual([record(1), record(2)]);
  await again.close();
});

test("a record whose write failed and that is there all the same does not come back once its seqs were used again", async () => {
  const journal = journalAt();
  const { id } = await journal.open();
  for (let seq = 1; seq <= 3; seq++) await journal.append(record(seq));
  await journal.close();
  // As if the third had been refused, and the next segment begun behind the second.
  const handle = await open(directory);
  const path = join(directory, segmentName(2, 2));
  const next = await JournalSegment.create({ path, header: headerOf(2, 2, id), bytesMax }, handle);
  await next.append(record(3, 1, "another"));
  await next.close();
  await handle.close();
  const again = journalAt();
  expect(await again.open()).toMatchObject({ id, firstSeq: 1, lastSeq: 3 });
  expect(await readAll(again, 1)).toEqual([record(1), record(2), record(3, 1, "another")]);
  await again.close();
});

test("damage in the midst of what was acknowledged is an error, not skipped", async () => {
  const journal = journalAt();
  await journal.open();
  for (let seq = 1; seq <= 8; seq++) await journal.append(record(seq, 1, `${seq}`.repeat(400)));
  await journal.close();
  const paths = segmentPaths();
  expect(paths.length).toBeGreaterThan(2);
  // A record with others behind it; the last record of a segment that has a successor; a header; see below.
  for (const [path, needle] of [
    [paths[0], "1".repeat(400)],
    [paths[0], "3".repeat(400)],
    // In the last segment, where a broken record could be what a crash has cut off, but for the whole one behind it.
    [paths[2], "7".repeat(400)],
  ] as const) {
    const whole = readFileSync(path!);
    const at = whole.indexOf(needle);
    expect(at).toBeGreaterThanOrEqual(0);
    writeFileSync(path!, whole.fill("?", at, at + 1));
    const damaged = journalAt();
    await expect(damaged.open()).rejects.toThrow("the journal is damaged");
    await damaged.close();
    writeFileSync(path!, whole.fill(needle[0]!, at, at + 1));
  }
  // While Mars runs, too.
  const again = journalAt();
  await again.open();
  const whole = readFileSync(paths[1]!);
  writeFileSync(paths[1]!, whole.fill("?", 1_200, 1_201));
  await expect(readAll(again, 1)).rejects.toThrow("the journal is damaged");
  await again.close();
});

test("a record that could not be written leaves the journal as it was", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  // The next segment cannot be made: its directory is gone.
  await journal.append(record(2, 1, "x".repeat(2_000)));
  rmSync(directory, { recursive: true });
  await expect(journal.append(record(3))).rejects.toThrow();
  expect(await readAll(journal, 1)).toEqual([record(1), record(2, 1, "x".repeat(2_000))]);
  await journal.close();
});

test("an older copy that is written over a file of a running journal is noticed", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  const [path] = segmentPaths();
  const copy = readFileSync(path!);
  await journal.append(record(2));
  expect(await journal.missing()).toBe("");
  writeFileSync(path!, copy);
  expect(await journal.missing()).toBe(path!);
  await journal.close();
});

test("a journal that is reached by a link has the mark of the directory itself", async () => {
  const journal = journalAt();
  await journal.open();
  await journal.append(record(1));
  symlinkSync(directory, join(parent, "link"));
  mkdirSync(join(parent, "elsewhere"));
  symlinkSync(directory, join(parent, "elsewhere", "journal"));
  await journal.close();
  for (const path of [join(parent, "link"), join(parent, "elsewhere", "journal")]) {
    const linked = journalAt(path);
    expect(await linked.open()).toMatchObject({ lastSeq: 1 });
    await linked.close();
    expect(existsSync(`${path}.mark`)).toBe(false);
  }
});
