/** What has happened to the journal's files while Mars was not running. `test/faults/journal.ts` tries many places more. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { JournalRecord } from "../../src/journal/journal-record.ts";
import { SegmentedJournal } from "../../src/journal/segmented-journal.ts";

let parent: string;
let directory: string;
/** Oldest first. */
let paths: string[];

const records: readonly JournalRecord[] = Array.from({ length: 12 }, (_, n) => ({
  firstSeq: n + 1,
  lastSeq: n + 1,
  body: `${"abcdefghijkl"[n]}`.repeat(400),
}));

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), "mars-damage-"));
  directory = join(parent, "journal");
  const journal = journalAt();
  await journal.open();
  for (const record of records) await journal.append(record);
  await journal.close();
  paths = readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
  expect(paths.length).toBeGreaterThan(3);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function journalAt(acceptLoss = false): SegmentedJournal {
  return new SegmentedJournal({ directory, bytesMax: 8 * 1024, acceptLoss });
}

function change(path: string, ...places: readonly number[]): void {
  const bytes = readFileSync(path);
  for (const at of places) bytes[at]! ^= 16;
  writeFileSync(path, bytes);
}

async function refusal(): Promise<string> {
  const journal = journalAt();
  const before = contents();
  try {
    await journal.open();
  } catch (error) {
    expect(contents()).toEqual(before);
    return (error as Error).message;
  } finally {
    await journal.close();
  }
  throw new Error("it was not refused");
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "latin1")]),
  );
}

/** The first seq of each record that there is when the loss is accepted, or not; then and at the next start, without a word. */
async function kept(acceptLoss = true): Promise<number[]> {
  const seqs: number[][] = [];
  for (const accept of [acceptLoss, false]) {
    const journal = journalAt(accept);
    await journal.open();
    const read = await Array.fromAsync(journal.read(0, 1_000));
    for (const record of read) expect(record.body).toBe(records[record.firstSeq - 1]!.body);
    seqs.push(read.map(({ firstSeq }) => firstSeq));
    await journal.close();
  }
  expect(seqs[1]).toEqual(seqs[0]!);
  return seqs[0]!;
}

const all = records.map(({ firstSeq }) => firstSeq);

test("one copy of a header is enough", async () => {
  change(paths[0]!, 30);
  change(paths.at(-1)!, 512 + 12);
  expect(await kept()).toEqual(all);
});

test("a header without a whole copy is named, and its records are kept when that is accepted", async () => {
  change(paths[1]!, 30, 542);
  expect(await refusal()).toContain(`the journal is damaged: ${paths[1]}, at byte 0`);
  const whole = readFileSync(paths[1]!);
  expect(await kept()).toEqual(all);
  expect(readFileSync(`${paths[1]}.damaged`).equals(whole)).toBe(true);
});

test("of a segment with a broken record in its midst all others are kept", async () => {
  const bytes = readFileSync(paths[1]!);
  const lost = 1 + "abcdefghijkl".indexOf(bytes.toString("latin1", 1024 + 36, 1024 + 37));
  change(paths[1]!, 1024 + 50);
  expect(await refusal()).toContain(`${paths[1]}, at byte 1024`);
  expect(await kept()).toEqual(all.filter((seq) => seq !== lost));
});

test("the last record of all is distinguished from a write that was cut off", async () => {
  change(paths.at(-1)!, readFileSync(paths.at(-1)!).lastIndexOf("l"));
  expect(await refusal()).toContain(paths.at(-1)!);
  expect(await kept()).toEqual(all.slice(0, -1));
});

test("the first segments are missed by their mark, and their loss can be accepted", async () => {
  const [first, second] = paths as [string, string];
  const whole = readFileSync(first);
  rmSync(first);
  expect(await refusal()).toContain(`the journal is damaged: ${first}, at byte 0: it is not there, and`);
  rmSync(second);
  expect(await refusal()).toContain(`${first}, at byte 0: it is not there, nor the 1 behind it, and`);
  const seqs = await kept();
  expect(seqs).toEqual(all.slice(-seqs.length));
  expect(seqs.length).toBeGreaterThan(3);
  // From then on it begins with the third. One that comes back is no damage.
  writeFileSync(first, whole);
  expect(await refusal()).toContain(`${first}, at byte`);
  rmSync(first);
  expect(await kept()).toEqual(seqs);
});

test("deleting what is stored, whole or cut short by a crash, is no damage", async () => {
  const journal = journalAt();
  await journal.open();
  const before = contents();
  expect(await journal.trim(7)).toBeGreaterThan(0);
  // As a crash leaves it at this moment.
  const mark = readFileSync(`${directory}.mark`);
  await journal.close();
  const left = readdirSync(directory).sort();
  const dropped = Object.keys(before)
    .filter((name) => !left.includes(name))
    .sort();
  expect(dropped.length).toBeGreaterThan(1);
  // The oldest go first, so the newest of them may be there.
  for (let back = 0; back <= dropped.length; back++) {
    writeFileSync(`${directory}.mark`, mark);
    for (const name of dropped.slice(dropped.length - back))
      writeFileSync(join(directory, name), before[name]!, "latin1");
    expect((await kept(false)).length).toBe(all.length - 3 * (dropped.length - back));
  }
  for (const name of dropped) rmSync(join(directory, name));
  rmSync(join(directory, left[0]!));
  writeFileSync(`${directory}.mark`, mark);
  expect(await refusal()).toContain(`${join(directory, left[0]!)}, at byte 0: it is not there, and`);
});

test.each([
  ["the second", 1],
  ["one between others", 2],
  ["the last", -1],
])("a segment that is gone is noticed: %s", async (_, index) => {
  const path = paths.at(index)!;
  rmSync(path);
  expect(await refusal()).toMatch(/the journal is damaged: .*, at byte \d+/);
  const seqs = await kept();
  expect(seqs.length).toBeLessThan(all.length);
  expect(seqs.length).toBeGreaterThan(6);
});

test("a journal without any segment is noticed by its mark, and goes on behind what it had given out", async () => {
  for (const path of paths) rmSync(path);
  expect(await refusal()).toContain("names seq 12");
  expect(await kept()).toEqual([]);
  const journal = journalAt();
  expect(await journal.open()).toMatchObject({ lastSeq: 12 });
  await journal.close();
});

test("an empty file, zeros, and a name that is none of the journal's are damage as well", async () => {
  const whole = readFileSync(paths.at(-1)!);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(whole.length), whole.subarray(0, 1500)]) {
    writeFileSync(paths.at(-1)!, bytes);
    expect(await refusal()).toContain(paths.at(-1)!);
  }
  writeFileSync(paths.at(-1)!, whole);
  writeFileSync(join(directory, "copy.segment"), whole);
  expect(await refusal()).toContain("copy.segment");
  expect(await kept()).toEqual(all);
});

test("segments whose names were exchanged are named with what they were, and are whole when they have it again", async () => {
  const exchange = () => {
    renameSync(paths[0]!, `${directory}.other`);
    renameSync(paths[1]!, paths[0]!);
    renameSync(`${directory}.other`, paths[1]!);
  };
  exchange();
  const text = await refusal();
  for (const [now, before] of [
    [paths[0], paths[1]],
    [paths[1], paths[0]],
  ])
    expect(text).toContain(`${now}, at byte 0: it was renamed from ${basename(before!)}`);
  exchange();
  expect(await kept()).toEqual(all);
});

test("a journal of an earlier format is not called damaged, and is not given up", async () => {
  writeFileSync(join(directory, "0000000000000001.segment"), "marsjrnl");
  expect(await refusal()).toContain("written by an earlier, unreleased Mars (0000000000000001.segment)");
  const accepting = journalAt(true);
  await expect(accepting.open()).rejects.toThrow("start with a new data directory");
  await accepting.close();
});

test("a segment under the name of an unfinished one is kept, and one that was never written to is cleared away", async () => {
  const last = paths.at(-1)!;
  const whole = readFileSync(last);
  renameSync(last, `${last}.new`);
  expect(await refusal()).toContain(`${last}.new`);
  expect(await kept()).toEqual(all.filter((seq) => !whole.includes(records[seq - 1]!.body)));
  expect(readFileSync(`${last}.new.damaged`).equals(whole)).toBe(true);
  const begun = last.replace(/-\d{8}/, "-00000099");
  writeFileSync(`${begun}.new`, whole.subarray(0, 1024));
  writeFileSync(join(directory, "notes.new"), "a user's own");
  await kept();
  expect(readdirSync(directory)).toContain("notes.new");
  expect(existsSync(`${begun}.new`)).toBe(false);
});

test("what was set aside once is not overwritten by what is set aside later", async () => {
  for (const number of ["", ".2", ".3"]) {
    change(paths[1]!, 30, 542);
    const whole = readFileSync(paths[1]!);
    await kept();
    expect(readFileSync(`${paths[1]}${number}.damaged`).equals(whole)).toBe(true);
  }
});

test("a journal whose mark is gone or cannot be read starts; a mark of another journal is refused", async () => {
  writeFileSync(`${directory}.mark`, "?".repeat(1024));
  expect(await kept()).toEqual(all);
  expect(readFileSync(`${directory}.mark.damaged`, "latin1")).toBe("?".repeat(1024));
  rmSync(`${directory}.mark`);
  const other = new SegmentedJournal({ directory: join(parent, "other"), bytesMax: 8 * 1024 });
  await other.open();
  await other.close();
  writeFileSync(`${directory}.mark`, readFileSync(join(parent, "other.mark")));
  expect(await refusal()).toContain("is not the one of its mark");
});

test("segments that were put back from an older copy are behind their mark", async () => {
  const older = contents();
  const journal = journalAt();
  await journal.open();
  await journal.append({ firstSeq: 13, lastSeq: 13, body: "m" });
  await journal.close();
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  for (const [name, bytes] of Object.entries(older)) writeFileSync(join(directory, name), bytes, "latin1");
  expect(await refusal()).toContain("names seq 13");
});
