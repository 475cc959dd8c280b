/** Pages of the database file against their checksums, by the real store on a real file. */
import { expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { createClient } from "@libsql/client";
import type { PageCheckStep } from "../../../src/core/ports.ts";
import type { StoreService } from "../../../src/workers/store-service.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const pageBytes = 4096;

/** A store whose messages are in the database file. */
async function filled(): Promise<TestStore & { path: string }> {
  const test = await openStore();
  await store(test.store, 1, 400);
  await test.store.checkpoint(false);
  return { ...test, path: test.url.slice("file:".length) };
}

async function store(part: StoreService, from: number, to: number): Promise<void> {
  const events = [];
  for (let seq = from; seq <= to; seq++) events.push(event(seq, { messageId: `message-${seq}` }));
  await part.apply(await batchOf(events));
}

/** Looks at every page at least once. */
function lookAround(part: StoreService): PageCheckStep {
  let step = part.checkPages(1_000_000)!;
  for (const until = step.rounds + 1; step.rounds < until; ) step = part.checkPages(1_000_000)!;
  return step;
}

function flip(path: string, at: number, bit: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0]! ^= 1 << bit;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

test("what was written is found as it was written, through changes and checkpoints", async () => {
  using test = await filled();
  for (let round = 1; round < 6; round++) {
    await store(test.store, round * 400 + 1, round * 400 + 400);
    test.store.checkPages(7);
    await test.store.checkpoint(false);
    expect(lookAround(test.store)).toMatchObject({ damaged: 0, changed: 0 });
  }
});

test("emptying the log is no damage, and nothing is taken for another program's write", async () => {
  using test = await filled();
  lookAround(test.store);
  for (let round = 1; round < 6; round++) {
    await store(test.store, round * 400 + 1, round * 400 + 400);
    if (round % 2 === 0) await test.store.checkpoint(false);
    expect(await test.store.purge()).toEqual({ durableSeq: round * 400 + 400, logEmpty: true });
    expect(statSync(`${test.path}-wal`).size).toBe(0);
    const step = lookAround(test.store);
    expect([step.damaged, step.changed, step.began]).toEqual([0, 0, undefined]);
  }
});

test("a flipped bit is found in any page, and its place is named", async () => {
  using test = await filled();
  lookAround(test.store);
  const pages = statSync(test.path).size / pageBytes;
  for (let page = 1; page <= pages; page++) {
    const at = (page - 1) * pageBytes + ((page * 977) % pageBytes);
    flip(test.path, at, page % 8);
    const step = lookAround(test.store);
    expect(step.damaged).toBe(page);
    // The first hundred are named.
    const named = Math.min(page, 100);
    expect(step.places.at(-1)).toContain(`from byte ${(named - 1) * pageBytes} to byte ${named * pageBytes}`);
    flip(test.path, at, page % 8);
  }
});

test("a bit that flips while Mars does not run is found at the next start, after a stop and after a crash", async () => {
  for (const stopped of [true, false]) {
    using test = await filled();
    lookAround(test.store);
    if (stopped) test.store.close();
    const next = await test.restart();
    expect(lookAround(next).damaged).toBe(0);
    if (stopped) next.close();
    flip(test.path, pageBytes * 3 + 1_000, 3);
    const last = await test.restart();
    const step = last.checkPages(1);
    expect(step?.damaged).toBe(1);
    expect(step?.began).toBeUndefined();
    last.close();
  }
});

test("a file that lost its end is damaged", async () => {
  using test = await filled();
  lookAround(test.store);
  test.store.close();
  test.queries.close();
  const { truncateSync } = await import("node:fs");
  truncateSync(test.path, statSync(test.path).size - pageBytes);
  // SQLite may refuse the file before that; whichever comes first, it is not taken for whole.
  const damaged = await test.restart().then(
    (part) => lookAround(part).damaged,
    () => 1,
  );
  expect(damaged).toBeGreaterThan(0);
});

test("what another program writes is not called damage, running or stopped", async () => {
  using test = await filled();
  lookAround(test.store);
  const other = async () => {
    const client = createClient({ url: test.url });
    await client.execute("UPDATE messages SET app_id = app_id || 'x'");
    await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    client.close();
  };
  await other();
  await store(test.store, 401, 500);
  await test.store.checkpoint(false);
  expect(lookAround(test.store).damaged).toBe(0);
});

test("checksums that are gone or damaged are rebuilt, with a warning", async () => {
  for (const harm of [(path: string) => rmSync(path), (path: string) => flip(path, 20, 2)]) {
    using test = await filled();
    lookAround(test.store);
    test.store.close();
    harm(`${test.path}-sums`);
    const next = await test.restart();
    const step = next.checkPages(1);
    expect(step?.began).toBeString();
    expect(lookAround(next).damaged).toBe(0);
    flip(test.path, pageBytes * 2 + 5, 1);
    expect(lookAround(next).damaged).toBe(1);
    next.close();
  }
});

test("the log of checksums does not grow with what is written", async () => {
  using test = await filled();
  for (let round = 1; round <= 40; round++) {
    await store(test.store, round * 400 + 1, round * 400 + 400);
    await test.store.checkpoint(false);
    lookAround(test.store);
  }
  expect(existsSync(`${test.path}-sums`)).toBeTrue();
  expect(statSync(`${test.path}-sums`).size).toBeLessThan(1.2 * 1024 * 1024);
});

test("SQLite keeps its locks, so that no other program takes the database for its own", async () => {
  using test = await filled();
  lookAround(test.store);
  await store(test.store, 401, 500);
  await test.store.checkpoint(false);
  const { ino } = statSync(`${test.path}-shm`);
  const held = readFileSync("/proc/locks", "utf8").split("\n");
  expect(held.filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `))).not.toEqual(
    [],
  );
});
