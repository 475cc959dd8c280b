/** Backups that Mars makes by itself: when, how many are kept, and what a failure does. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArchiveWriter } from "../../src/backup/archive-writer.ts";
import { BackupSchedule } from "../../src/backup/schedule.ts";
import { createFileTarget } from "../../src/backup/targets/file-target.ts";
import { backupName, timeOfName } from "../../src/backup/targets/target.ts";
import { MarsError } from "../../src/core/error.ts";
import { until } from "../support/until.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mars-schedule-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const manifest = {
  format: 1,
  mars_version: "test",
  schema_version: 1,
  journal_id: "j",
  began_at: "",
  ended_at: "",
  snapshot_seq: 0,
  seq: 0,
} as const;

async function* pieces(whole = true): AsyncGenerator<Uint8Array, undefined> {
  const writer = new ArchiveWriter(0);
  yield writer.file("messages.db", Buffer.from("pages"));
  if (whole) yield writer.end(manifest);
}

interface Fixture {
  readonly everyMs: number;
  readonly keep?: number;
  readonly now?: () => number;
  readonly begin?: () => AsyncIterator<Uint8Array>;
}

function schedule(directory: string, { everyMs, keep = 2, now = Date.now, begin = pieces }: Fixture) {
  const log = { info() {}, warn() {}, error() {} };
  const target = createFileTarget(directory);
  return new BackupSchedule({ target, url: "file:", everyMs, keep, now, begin: async () => begin(), log });
}

test("one is due so long after the newest that is there, and the oldest of too many go", async () => {
  const directory = join(root, "kept");
  let now = Date.parse("2027-01-31T12:00:00Z");
  const hour = 3_600_000;
  const names: string[] = [];
  for (let round = 0; round < 4; round++) {
    const one = schedule(directory, { everyMs: hour, now: () => now });
    one.start();
    await until(() => one.stats.next_at === new Date(now + hour).toISOString());
    await one.stop();
    names.push(backupName(new Date(now)));
    expect((await readdir(directory)).sort()).toEqual(names.slice(-2));
    now += hour;
  }
  // A restart before it is due makes none.
  now -= hour / 2;
  const early = schedule(directory, { everyMs: hour, now: () => now });
  early.start();
  await until(() => early.stats.last?.name === names.at(-1));
  await early.stop();
  expect((await readdir(directory)).sort()).toEqual(names.slice(-2));
  expect(timeOfName(names[0] ?? "")).toBe(Date.parse("2027-01-31T12:00:00Z"));
});

test("what a backup that was cut off has left is removed at the next start, and nothing else", async () => {
  const directory = join(root, "left");
  const done = schedule(directory, { everyMs: 3_600_000 });
  done.start();
  await until(() => done.stats.kept === 1);
  await done.stop();
  const [name = ""] = await readdir(directory);
  await writeFile(join(directory, "mars-20270131T120000Z.tar.zst.part"), "half");
  await writeFile(join(directory, "notes.txt"), "mine");
  const next = schedule(directory, { everyMs: 3_600_000 });
  next.start();
  await until(() => next.stats.kept === 1);
  await next.stop();
  expect((await readdir(directory)).sort()).toEqual([name, "notes.txt"]);
  expect((await readFile(join(directory, name))).length).toBeGreaterThan(100);
});

test("one that is cut off is not kept, and health has a word after two in a row, until one succeeds", async () => {
  const directory = join(root, "failing");
  let fails = true;
  const one = schedule(directory, {
    everyMs: 20,
    begin: () => {
      if (!fails) return pieces();
      return one.stats.failures_in_a_row === 0 ? pieces(false) : failing();
    },
  });
  one.start();
  await until(() => one.warnings().length > 0);
  expect(one.warnings()[0]).toContain("in a row, and none is there: the journal is half full");
  expect(await readdir(directory)).toEqual([]);
  fails = false;
  await until(() => one.stats.last !== null);
  expect(one.warnings()).toEqual([]);
  await one.stop();
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  throw new MarsError("unavailable", "the journal is half full");
}
