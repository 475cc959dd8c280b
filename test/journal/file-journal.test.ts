import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { argsOf, changeRecord } from "../../src/core/change-record.ts";
import { MarsError } from "../../src/core/error.ts";
import type { MarsEvent, SequencedEvent } from "../../src/core/event.ts";
import { isChange, type LogEntry } from "../../src/core/journal.ts";
import { FileJournal } from "../../src/journal/file-journal.ts";
import { event } from "../support/store.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "mars-file-journal-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function journalAt(bytesMax = 2 ** 20, name = "journal"): FileJournal {
  return new FileJournal({ directory: join(parent, name), bytesMax });
}

function events(count: number, attributes = ""): MarsEvent[] {
  return Array.from({ length: count }, (_, n) => {
    const { seq, ...rest } = event(n, { attributes });
    return rest;
  });
}

/** Those of each record. */
async function eventsOf(entries: AsyncIterable<LogEntry>): Promise<(readonly SequencedEvent[])[]> {
  return (await Array.fromAsync(entries)).map((entry) => (isChange(entry) ? [] : entry));
}

const shapes = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    text: fc.string({ unit: "binary" }),
    /** A restart, and how far the sequence leaps there. */
    leap: fc.option(fc.integer({ min: 0, max: 1_000 }), { freq: 6 }),
  }),
  { minLength: 1, maxLength: 30 },
);

test("events get consecutive seqs in the order given, and are read back from any seq, over restarts and leaps", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(100), async (steps, percent) => {
      const name = `run-${run++}`;
      let journal = journalAt(2 ** 20, name);
      await journal.open();
      journal.startAt(1);
      let nextSeq = 1;
      const written: object[] = [];
      for (const { count, text, leap } of steps) {
        if (leap !== null) {
          await journal.close();
          journal = journalAt(2 ** 20, name);
          expect((await journal.open()).lastSeq).toBe(nextSeq - 1);
          if (written.length > 0) nextSeq += leap;
          journal.startAt(nextSeq);
        }
        const given = events(count, text);
        const { first, last } = await journal.append(given);
        expect([first, last]).toEqual([nextSeq, nextSeq + count - 1]);
        written.push(...given.map((one, n) => ({ ...one, seq: first + n })));
        nextSeq = last + 1;
      }
      const after = Math.round((percent / 100) * nextSeq);
      const read = await eventsOf(journal.read(after));
      expect(read.every((commit) => commit.length > 0)).toBe(true);
      expect(read.flat()).toEqual((written as { seq: number }[]).filter(({ seq }) => seq > after) as never);
      expect(await journal.eventsBeyond(after)).toBe(read.flat().length);
      await journal.close();
    }),
    { numRuns: 30 },
  );
});

test("it passes its bound by one call at most, and has room again once events are dropped", async () => {
  const journal = journalAt(64 * 1024);
  await journal.open();
  journal.startAt(1);
  const large = events(1, "x".repeat(40_000));
  await journal.append(large);
  // Of several calls, none; of one, all.
  await expect(journal.append(large)).rejects.toMatchObject({ code: "overloaded" });
  expect(journal.refusal()).toBeUndefined();
  expect(journal.refusal(30_000)).toBeInstanceOf(MarsError);
  expect(await journal.append(large, { passBound: true })).toEqual({ first: 2, last: 2 });
  const { bytes } = journal;
  expect(bytes).toBeGreaterThan(journal.bytesMax);
  await expect(journal.append(events(1), { passBound: true })).rejects.toMatchObject({ code: "overloaded" });
  expect(journal.refusal()?.message).toContain("the journal is full");
  expect(journal.bytes).toBe(bytes);
  await journal.trim(2);
  expect([journal.bytes, journal.refusal()]).toEqual([0, undefined]);
  expect(await journal.append(large)).toEqual({ first: 3, last: 3 });
  await journal.close();
});

test("its size is that of its records when appends and trims overlap", async () => {
  const journal = journalAt(1024 * 1024);
  await journal.open();
  journal.startAt(1);
  let last = 0;
  const trims: Promise<void>[] = [];
  for (let n = 0; n < 40; n++) {
    const append = journal.append(events(5, "x".repeat(2_000)));
    // Two at once, one of them for what was erased.
    if (n % 4 === 3) trims.push(journal.trim(last - 40), journal.trim(last - 60, last - 20));
    ({ last } = await append);
  }
  await Promise.all(trims);
  const kept = (await eventsOf(journal.read(last - 41))).flat();
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, n) => last - 40 + n));
  const { bytes } = journal;
  await journal.close();
  const again = journalAt(1024 * 1024);
  expect((await again.open()).bytes).toBe(bytes);
  await again.close();
});

test("a segment with erased events is given up at once, and gone when all beside them is stored", async () => {
  const journal = journalAt();
  await journal.open();
  journal.startAt(1);
  await journal.append(events(3));
  await journal.append(events(3));
  expect(journal.droppedTo).toBe(0);
  // Too small to be given up for its own sake.
  await journal.trim(6);
  expect(journal.droppedTo).toBe(0);
  await journal.append(events(1));
  // The last event is not stored yet.
  await journal.trim(6, 2);
  expect(journal.droppedTo).toBe(0);
  await journal.append(events(1));
  await journal.trim(7, 2);
  expect(journal.droppedTo).toBe(7);
  expect((await eventsOf(journal.read(7))).flat().map(({ seq }) => seq)).toEqual([8]);
  await journal.close();
});

test("what could not be written is refused, leaves nothing, and its seqs are given out again", async () => {
  const journal = journalAt(16 * 1024);
  await journal.open();
  journal.startAt(1);
  await journal.append(events(1, "x".repeat(2_500)));
  // The next segment cannot be made: its directory is gone.
  const directory = join(parent, "journal");
  rmSync(directory, { recursive: true });
  await expect(journal.append(events(2))).rejects.toMatchObject({ code: "unavailable" });
  await expect(journal.probe()).rejects.toMatchObject({ code: "unavailable" });
  expect((await eventsOf(journal.read(0))).flat().map(({ seq }) => seq)).toEqual([1]);
  await journal.close();
});

test("one call at a time, and none before the first seq is known", async () => {
  const journal = journalAt();
  await journal.open();
  await expect(journal.append(events(1))).rejects.toThrow("before the start");
  journal.startAt(7);
  const first = journal.append(events(1));
  await expect(journal.append(events(1))).rejects.toThrow("under way");
  expect(await first).toEqual({ first: 7, last: 7 });
  await journal.close();
});

test("changes are read back in their places among the events, and the last of them is known at the next start", async () => {
  let journal = journalAt();
  expect((await journal.open()).lastChange).toBeUndefined();
  journal.startAt(1);
  const changes = [
    changeRecord("putAlertRule", [{ id: "r", name: "\u0000 ' ü" }, undefined, 5]),
    changeRecord("deleteView", ["key:a", "mine"]),
  ];
  await journal.append(events(2));
  expect(await journal.appendChange(changes[0]!)).toEqual({ first: 3, last: 3 });
  await journal.append(events(1));
  await journal.appendChange(changes[1]!);
  await journal.append(events(1));
  await journal.close();
  journal = journalAt();
  expect(await journal.open()).toMatchObject({ lastSeq: 6, lastChange: 5 });
  const read = await Array.fromAsync(journal.read(2));
  expect(read.filter((entry) => isChange(entry))).toEqual([
    { seq: 3, change: changes[0]! },
    { seq: 5, change: changes[1]! },
  ]);
  expect(argsOf(changes[0]!)).toEqual([{ id: "r", name: "\u0000 ' ü" }, undefined, 5]);
  expect(read.map((entry) => (isChange(entry) ? entry.seq : entry[0]!.seq))).toEqual([3, 4, 5, 6]);
  await journal.close();
});

test("changes have some room beyond the bound of events", async () => {
  const journal = journalAt(1, "changes");
  await journal.open();
  journal.startAt(1);
  await journal.append(events(1), { passBound: true });
  expect(journal.refusal()).toMatchObject({ code: "overloaded" });
  const view = (chars: number) => changeRecord("putView", [{ name: "x".repeat(chars) }]);
  expect(await journal.appendChange(view(1_000))).toEqual({ first: 2, last: 2 });
  await expect(journal.appendChange(view(16 * 1024 * 1024))).rejects.toMatchObject({ code: "overloaded" });
  expect(await journal.appendChange(view(10))).toEqual({ first: 3, last: 3 });
  await journal.close();
});

test("what JSON would not give back is no argument of a change", () => {
  for (const arg of [
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Map(),
    new Uint8Array(1),
    1n,
    [undefined],
    { a: () => 1 },
  ])
    expect(() => changeRecord("putView", [arg])).toThrow("putView");
});
