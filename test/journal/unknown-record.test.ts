/** A journal that a later Mars has written to, found by the whole program. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeEvents } from "../../src/journal/journal-format.ts";
import { SegmentedJournal } from "../../src/journal/segmented-journal.ts";
import { event } from "../support/store.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "mars-unknown-record-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const directory = () => join(dataDir, "journal");
const contents = () =>
  readdirSync(directory()).map((name) => [name, readFileSync(join(directory(), name), "latin1")] as const);

async function mars(...args: string[]): Promise<{ text: string; exitCode: number }> {
  const child = Bun.spawn(
    [
      process.execPath,
      "--no-env-file",
      "src/main.ts",
      ...args,
      "--data-dir",
      dataDir,
      "--http-port",
      "0",
      "--grpc-port",
      "0",
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { text: out + err, exitCode };
}

test("Mars does not start on a record of a kind that it does not know, and changes nothing; the doctor names it", async () => {
  const journal = new SegmentedJournal({ directory: directory(), bytesMax: 2 ** 20 });
  await journal.open();
  const { seq, ...known } = event(1);
  await journal.append({ firstSeq: 1, lastSeq: 1, body: encodeEvents([known]) });
  await journal.append({ firstSeq: 2, lastSeq: 2, body: '["moon_phase",1,{"phase":"full"}]' });
  await journal.append({ firstSeq: 3, lastSeq: 3, body: encodeEvents([known]) });
  await journal.close();
  const before = contents();
  const reason = 'the journal has a record of kind "moon_phase", version 1, at seq 2';
  for (const args of [["serve"], ["serve", "--accept-journal-loss"], ["doctor"]]) {
    const { text, exitCode } = await mars(...args);
    expect(text).toContain(reason);
    expect(exitCode).toBe(1);
  }
  expect(contents()).toEqual(before);
});
