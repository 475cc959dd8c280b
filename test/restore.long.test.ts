/** Data that are put back, or belong to another journal: one sequence goes on, and a watcher that saw what is gone gets `recovered: false`. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileJournal } from "../src/journal/file-journal.ts";
import { LiveClient } from "./support/live-client.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { getJson, send, sendBulk, statsWhen } from "./support/rest.ts";
import { event } from "./support/store.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mars-restore-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function events(count: number, prefix: string) {
  return Array.from({ length: count }, (_, n) => ({ app_id: "a", message_id: `${prefix}${n}`, event: "E" }));
}

async function stop(mars: TestMars): Promise<void> {
  await statsWhen(mars.url, ({ store }) => store.behind === 0);
  await mars.stop();
}

async function resume(mars: TestMars, after: number) {
  const client = await LiveClient.open(mars);
  const { recovered } = await client.subscribe("all", after);
  return { client, recovered };
}

test("a copy of the directory that is put back repeats no seq, however often, and hides no hole", async () => {
  const dataDir = join(root, "a");
  const first = await startMars({ dataDir });
  expect(await sendBulk(first.url, events(10, "a"))).toBe(10);
  await stop(first);
  await cp(dataDir, join(root, "copy"), { recursive: true });
  const given: number[] = [10];
  for (const round of ["b", "c", "d"]) {
    await cp(join(root, "copy"), join(root, round), { recursive: true });
    const mars = await startMars({ dataDir: join(root, round) });
    // Before anything new is there, and while it is not stored yet, as well as afterwards.
    const seen = given.at(-1)!;
    const early = given.length > 1 ? await resume(mars, seen) : undefined;
    const last = await sendBulk(mars.url, events(15, round));
    expect(last - 14).toBeGreaterThan(seen);
    if (early !== undefined) {
      expect(early.recovered).toBe(false);
      const during = await resume(mars, seen);
      await statsWhen(mars.url, ({ store }) => store.behind === 0);
      const afterwards = await resume(mars, seen);
      expect([during.recovered, afterwards.recovered]).toEqual([false, false]);
      for (const { client } of [early, during, afterwards]) await client.close();
    }
    // What the copy holds, and all that came after it, is there for a subscriber from before.
    const { client, recovered } = await resume(mars, 8);
    expect(recovered).toBe(true);
    const frames = await client.events(17);
    expect(frames.map(({ seq }) => seq)).toEqual([
      9,
      10,
      ...Array.from({ length: 15 }, (_, n) => last - 14 + n),
    ]);
    await client.close();
    given.push(last);
    await stop(mars);
  }
});

test("a start without anything new in between leaves every place to go on from valid", async () => {
  const dataDir = join(root, "data");
  let mars = await startMars({ dataDir });
  await sendBulk(mars.url, events(3, "a"));
  const places = [3];
  for (let round = 0; round < 3; round++) {
    await stop(mars);
    mars = await startMars({ dataDir });
    const client = await LiveClient.open(mars);
    places.push((await client.subscribe("apps/a")).seq);
    await client.close();
  }
  const last = await send(mars.url, { app_id: "a", message_id: "new", event: "E" });
  for (const place of places) {
    const { client, recovered } = await resume(mars, place);
    expect(recovered).toBe(true);
    expect((await client.events(1))[0]).toMatchObject({ seq: last, event: { message_id: "new" } });
    await client.close();
  }
  const stats = await statsWhen(mars.url, ({ store, projector }) => store.behind + projector.behind === 0);
  expect(stats.store.stored_seq).toBe(last);
  await mars.stop();
});

test("going back to an earlier journal goes on beyond all that another has brought, and follows what comes", async () => {
  const databaseUrl = `file:${root}/messages.db`;
  const [a, b] = [join(root, "a"), join(root, "b")];
  let mars = await startMars({ dataDir: a, databaseUrl });
  const put = await fetch(`${mars.url}/api/apps/a/lifecycle`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      stages: [{ event: "E" }, { event: "F", within: "1ms" }],
      complete_on: ["F"],
      grace: "0s",
    }),
  });
  expect(put.status).toBe(200);
  const seqs: number[] = [];
  for (const dataDir of [a, b, a, b]) {
    await mars.stop();
    mars = await startMars({ dataDir, databaseUrl });
    seqs.push(await send(mars.url, { app_id: "a", message_id: `m${seqs.length}`, event: "E" }));
    await findings(mars, seqs.length);
  }
  expect(seqs).toEqual([...seqs].sort((x, y) => x - y));
  await mars.stop();
  // As if the Mars of the first journal had been killed before it had stored all of it.
  const journal = new FileJournal({ directory: join(a, "journal"), bytesMax: 2 ** 31 });
  const { lastSeq } = await journal.open();
  journal.startAt(lastSeq + 1);
  await journal.append([event(0, { appId: "a", messageId: "late", event: "E" })]);
  await journal.close();
  mars = await startMars({ dataDir: a, databaseUrl });
  expect(await findings(mars, 5)).toContain("late");
  await mars.stop();
});

test("the log says when a database meets another journal, and nothing on any other start", async () => {
  const databaseUrl = `file:${root}/messages.db`;
  const words: unknown[] = [];
  const note = (_message: string, fields?: Record<string, unknown>) => void words.push(fields?.event);
  const log = { debug() {}, info() {}, warn: note, error: note };
  for (const [name, expected] of [
    ["a", []],
    ["a", []],
    ["b", ["journal_new"]],
    ["b", []],
    ["a", ["journal_older"]],
  ] as const) {
    const mars = await startMars({ dataDir: join(root, name), databaseUrl }, log);
    await send(mars.url, { app_id: "a", message_id: "m", event: "E" });
    await stop(mars);
    expect(words.splice(0)).toEqual([...expected]);
  }
});

/** The messages of the findings, when there are so many. */
async function findings(mars: TestMars, count: number): Promise<string[]> {
  for (const end = Date.now() + 20_000; ; await Bun.sleep(20)) {
    const url = `${mars.url}/api/findings?app_id=a`;
    const { findings: found } = await getJson<{ findings: { message_id: string }[] }>(url);
    if (found.length >= count || Date.now() > end) {
      expect(found.length).toBe(count);
      return found.map(({ message_id }) => message_id);
    }
  }
}
