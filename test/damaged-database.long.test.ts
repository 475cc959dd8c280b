/** A database whose pages are not as they were written: nothing wrong is served of it, and nothing that comes is lost. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PageSums } from "../src/db/integrity/page-sums.ts";
import { startMars } from "./support/mars.ts";
import { getJson, messageUrl, send, sendBulk, statsWhen } from "./support/rest.ts";

async function flipIn(path: string, page: number): Promise<void> {
  const file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, (page - 1) * 4096 + 2_000);
  buffer[0]! ^= 4;
  await file.write(buffer, 0, 1, (page - 1) * 4096 + 2_000);
  await file.close();
}

/** What no page begins with. */
async function overwrite(path: string, page: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(64, 0xff), 0, 64, (page - 1) * 4096);
  await file.close();
}

const events = Array.from({ length: 300 }, (_, n) => ({
  app_id: "rot",
  message_id: `m-${n}`,
  event: "created",
}));

async function doctor(dataDir: string): Promise<{ text: string; exitCode: number }> {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", "src/main.ts", "doctor", "--data-dir", dataDir],
    {
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { text: out + err, exitCode };
}

test("a damaged database is not read, and what comes meanwhile is stored in the copy that replaces it", async () => {
  await using mars = await startMars();
  const database = `${mars.dataDir}/messages.db`;
  await sendBulk(mars.url, events.slice(0, 200));
  await mars.stop();
  cpSync(database, `${database}.copy`);
  const filled = await mars.restart();
  await sendBulk(filled.url, events.slice(200));
  await filled.stop();
  await flipIn(database, 5);

  const damaged = await filled.restart();
  const read = await fetch(`${damaged.url}/api/messages`);
  expect(read.status).toBeGreaterThanOrEqual(500);
  expect((await read.json()) as object).toMatchObject({ success: false, code: "corrupt" });
  const stats = await statsWhen(damaged.url, ({ database }) => (database?.damaged ?? 0) > 0);
  expect(stats.database?.places[0]).toContain("messages.db, from byte 16384 to byte 20480");
  // Accepted, and kept in the journal.
  await send(damaged.url, { app_id: "rot", message_id: "meanwhile", event: "created" });
  await damaged.stop();

  cpSync(`${database}.copy`, database);
  const whole = await damaged.restart();
  await statsWhen(whole.url, ({ store }) => store.available && store.behind === 0);
  expect((await fetch(messageUrl(whole.url, "rot", "meanwhile"))).status).toBe(200);
  expect((await fetch(messageUrl(whole.url, "rot", "m-199"))).status).toBe(200);
  await whole.stop();
});

test("the doctor names the page and its table, and finds nothing where nothing is wrong", async () => {
  await using mars = await startMars();
  await sendBulk(mars.url, events);
  const running = await doctor(mars.dataDir);
  expect(running.exitCode).toBe(1);
  expect(running.text).toContain("in use by another process");
  await mars.stop();
  expect(await doctor(mars.dataDir)).toEqual({
    text: `nothing is wrong with ${mars.dataDir}\n`,
    exitCode: 0,
  });
  // And leaves the checksums as good as they were.
  const again = await mars.restart();
  const { database } = await statsWhen(again.url, ({ database }) => (database?.rounds ?? 0) > 0);
  expect(database).toMatchObject({ damaged: 0, changed: 0 });
  await again.stop();
  // A stop leaves no page without one.
  const path = `${mars.dataDir}/messages.db`;
  const sums = PageSums.open(`${path}-sums`);
  for (let page = 1; page <= statSync(path).size / 4096; page++) expect(sums.sumOf(page)).not.toBe(0);
  sums.close();
  await flipIn(`${mars.dataDir}/messages.db`, 5);
  for (let time = 0; time < 2; time++) {
    const { text, exitCode } = await doctor(mars.dataDir);
    expect(exitCode).toBe(1);
    expect(text).toMatch(/messages\.db, from byte 16384 to byte 20480: not as it was written, a page of \w+/);
  }
});

test("damage that a question meets and no checksum shows: nothing is stored there from then on", async () => {
  await using mars = await startMars();
  const path = `${mars.dataDir}/messages.db`;
  const seq = await sendBulk(mars.url, events);
  await getJson(`${mars.url}/api/messages?min_seq=${seq}`);
  await mars.stop();
  const database = new Database(path);
  const roots = database
    .query("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'messages' AND type = 'index'")
    .values();
  database.close();
  for (const [root] of roots) await overwrite(path, Number(root));
  rmSync(`${path}-sums`);
  const again = await mars.restart();
  const read = await fetch(`${again.url}/api/messages?app_id=rot`);
  expect([read.status, await read.json()]).toEqual([500, expect.objectContaining({ code: "corrupt" })]);
  const ready = await getJson<{ warnings: string[] }>(`${again.url}/readyz`);
  expect(ready.warnings).toContain("the database is damaged: nothing is read from it or stored in it");
  await send(again.url, { app_id: "rot", message_id: "meanwhile", event: "created" });
  await statsWhen(again.url, ({ store }) => !store.available && store.behind === 1);
  // What the damage has not touched is not read either.
  expect((await fetch(`${again.url}/api/apps`)).status).toBe(500);
  await again.stop();
});

test("with the damage accepted, all that can be read is read, with a warning", async () => {
  await using mars = await startMars();
  const seq = await send(mars.url, { app_id: "rot", message_id: "m", event: "created" });
  await getJson(`${mars.url}/api/messages?min_seq=${seq}`);
  await mars.stop();
  await flipIn(`${mars.dataDir}/messages.db`, 3);
  const again = await mars.restart({ acceptDatabaseDamage: true });
  await statsWhen(again.url, ({ database }) => (database?.damaged ?? 0) > 0);
  const ready = await getJson<{ warnings: string[] }>(`${again.url}/readyz`);
  expect(ready.warnings.join()).toContain("the database is damaged");
  expect((await fetch(`${again.url}/api/messages`)).status).toBe(200);
  await again.stop();
});

test("the doctor calls no directory sound that holds no data, and makes nothing there", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mars-"));
  for (const dataDir of [directory, join(directory, "missing")])
    expect(await doctor(dataDir)).toEqual({ text: `mars: ${dataDir} holds no data of Mars\n`, exitCode: 1 });
  expect(readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
});
