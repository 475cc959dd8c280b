import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { JournalFile } from "../../src/store/journal-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mars-journal-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Groups of one to three seqs, with leaps between them as after a start without the database. */
const groups = fc.array(
  fc.record({
    leap: fc.constantFrom(0, 0, 0, 1000),
    count: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 400 }),
  }),
  { minLength: 1, maxLength: 90 },
);

test("a journal gives back what it was given, from any seq, and forgets only what it is told to, never the last", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(groups, fc.double({ min: 0, max: 1, noNaN: true }), async (shapes, at) => {
      const journal = new JournalFile(join(directory, `journal-${run++}.db`));
      await journal.open();
      let seq = 0;
      const written = shapes.map(({ leap, count, size }) => {
        const firstSeq = seq + leap + 1;
        seq = firstSeq + count - 1;
        return { firstSeq, lastSeq: seq, body: "x".repeat(size) };
      });
      for (const group of written) await journal.append(group);

      const from = Math.max(1, Math.round(at * seq));
      const read = [];
      for (let next = from; ; ) {
        const stretch = await journal.read(next, 500);
        if (stretch.length === 0) break;
        read.push(...stretch);
        next = stretch.at(-1)!.lastSeq + 1;
      }
      expect(read).toEqual(written.filter(({ lastSeq }) => lastSeq >= from));

      let dropped = 0;
      for (let more = true; more; ) {
        const step = await journal.trim(from);
        dropped += step.bytes;
        more = step.more;
      }
      const gone = written.slice(0, -1).filter(({ lastSeq }) => lastSeq <= from);
      expect(dropped).toBe(gone.reduce((sum, { body }) => sum + body.length, 0));
      const { firstSeq, lastSeq, bytes } = await journal.open();
      expect([firstSeq, lastSeq]).toEqual([written[gone.length]!.firstSeq, seq]);
      expect(bytes).toBe(written.slice(gone.length).reduce((sum, { body }) => sum + body.length, 0));
      journal.close();
    }),
    { numRuns: 25 },
  );
});

test("a second process is kept out of the journal", async () => {
  const path = join(directory, "journal.db");
  const journal = new JournalFile(path);
  const { id } = await journal.open();
  const other = new JournalFile(path);
  await expect(other.open()).rejects.toThrow("in use by another process");
  other.close();
  journal.close();
  const again = new JournalFile(path);
  expect((await again.open()).id).toBe(id);
  again.close();
});
