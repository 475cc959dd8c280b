import { expect, test } from "bun:test";
import { createLog } from "../src/runtime/log.ts";
import { openBeside } from "./support/beside.ts";
import { LiveClient } from "./support/live-client.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { getJson, messageUrl, postJson, sendBulk, statsWhen } from "./support/rest.ts";

interface SetAsideAnswer {
  readonly set_aside: readonly {
    readonly seq: number;
    readonly kind: string;
    readonly message_id: string;
    readonly code: string;
    readonly reason: string;
    readonly event: Record<string, unknown> | null;
  }[];
  readonly count: number;
  readonly next_cursor: string | null;
}

/** Changes of another program to the database while Mars runs on it. */
async function sql(mars: TestMars, statement: string): Promise<void> {
  const client = openBeside(mars);
  await client.execute(statement);
  client.close();
}

const refuse = (then: string) =>
  `CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.event = 'POISON' BEGIN SELECT ${then}; END`;
const sent = (n: number, event = "CREATED") => ({
  app_id: "shop",
  message_id: `m${n}`,
  event,
  event_id: `e${n}`,
  attributes: { n },
});
const listOf = (mars: TestMars, query = "") => getJson<SetAsideAnswer>(`${mars.url}/api/set-aside${query}`);
const exists = async (mars: TestMars, n: number) =>
  (await fetch(messageUrl(mars.url, "shop", `m${n}`))).status === 200;

function collectLog() {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: createLog("info", (line) => lines.push(JSON.parse(line))) };
}

const poisoned = [0, 777, 778, 1_999];
const stored = 2_000 - poisoned.length;

for (const [kind, then, code] of [
  ["the database refuses", "raise(ABORT, 'x')", "unprocessable"],
  ["is a fault of ours", "json('{')", "internal"],
] as const) {
  test(`an event that ${kind} for ever is set aside; all others are stored, published and followed`, async () => {
    const { lines, log } = collectLog();
    await using mars = await startMars({}, log);
    await sql(mars, refuse(then));
    const live = await LiveClient.open(mars);
    await live.subscribe("all");
    const events = Array.from({ length: 2_000 }, (_, n) =>
      sent(n, poisoned.includes(n) ? "POISON" : "CREATED"),
    );
    const seq = await sendBulk(mars.url, events);
    const stats = await statsWhen(
      mars.url,
      ({ store, projector }) => store.stored_seq === seq && projector.projected_seq === seq,
    );
    expect([stats.set_aside.count, stats.totals.stored]).toEqual([poisoned.length, stored]);
    const frames = await live.events(stored);
    expect(frames.map(({ event }) => event.message_id)).toEqual(
      events.filter(({ event }) => event === "CREATED").map(({ message_id }) => message_id),
    );

    // Listed page by page, whole.
    const first = await listOf(mars, "?limit=3");
    const rest = await listOf(mars, `?limit=3&cursor=${first.next_cursor}`);
    const all = [...first.set_aside, ...rest.set_aside];
    expect([first.count, rest.next_cursor]).toEqual([4, null]);
    expect(all.map(({ message_id }) => message_id)).toEqual(poisoned.map((n) => `m${n}`));
    expect(all[1]).toMatchObject({
      kind: "event",
      code,
      event: { event: "POISON", event_id: "e777", attributes: { n: 777 } },
    });
    expect(JSON.stringify(all)).not.toContain(mars.dataDir);

    const aside = lines.filter(({ event }) => event === "event_set_aside");
    expect(aside.map(({ seq, level }) => [seq, level])).toEqual(poisoned.map((n) => [n + 1, "error"]));

    // A warning, and no reason to send traffic elsewhere.
    expect(await getJson<object>(`${mars.url}/readyz`)).toEqual({
      status: "ready",
      warnings: ["4 set aside, see GET /api/set-aside"],
    });

    // What cannot be applied still is set aside again; once it can, the replay stores and publishes it.
    const again = await postJson(`${mars.url}/api/set-aside/${all[0]!.seq}/replay`, {});
    const moved = (await again.json()) as { seq: number };
    expect(moved.seq).toBe(seq + 1);
    await statsWhen(mars.url, ({ set_aside, store }) => set_aside.count === 4 && store.behind === 0);
    await sql(mars, "DROP TRIGGER poison");
    for (const one of (await listOf(mars)).set_aside.slice(0, 3)) {
      const answer = await postJson(`${mars.url}/api/set-aside/${one.seq}/replay`, {});
      expect(answer.status).toBe(200);
    }
    const replayed = await live.events(3);
    expect(replayed.map(({ event }) => event.message_id)).toEqual(["m777", "m778", "m1999"]);
    expect([await exists(mars, 777), await exists(mars, 0)]).toEqual([true, false]);

    // The others survive a restart, and go when they are deleted.
    await live.close();
    await using next = await mars.restart();
    expect((await getJson<{ set_aside: { count: number } }>(`${next.url}/api/q/stats`)).set_aside.count).toBe(
      1,
    );
    const path = `${next.url}/api/set-aside/${moved.seq}`;
    expect((await fetch(path, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(path, { method: "DELETE" })).status).toBe(404);
    expect((await postJson(`${path}/replay`, {})).status).toBe(404);
    expect((await listOf(next)).set_aside).toEqual([]);
    expect(await getJson<object>(`${next.url}/readyz`)).toEqual({ status: "ready" });
  }, 30_000);
}

test("a page of long events is short, and the next one goes on behind it", async () => {
  await using mars = await startMars({}, collectLog().log);
  await sql(mars, refuse("raise(ABORT, 'x')"));
  const count = 100;
  const long = { note: "x".repeat(8_000) };
  const events = Array.from({ length: count }, (_, n) => ({ ...sent(n, "POISON"), attributes: long }));
  await sendBulk(mars.url, events);
  await statsWhen(mars.url, ({ set_aside }) => set_aside.count === count);
  const pages: SetAsideAnswer[] = [await listOf(mars)];
  for (let cursor = pages[0]!.next_cursor; cursor !== null; cursor = pages.at(-1)!.next_cursor) {
    pages.push(await listOf(mars, `?cursor=${cursor}`));
  }
  expect(pages.every((page) => JSON.stringify(page).length < 600_000)).toBe(true);
  expect(pages.flatMap(({ set_aside }) => set_aside.map(({ message_id }) => message_id))).toEqual(
    events.map(({ message_id }) => message_id),
  );
});

test("a batch that only the database's state forbids is stored when that is put right, and nothing of it is set aside", async () => {
  await using mars = await startMars({}, collectLog().log);
  await sql(mars, "ALTER TABLE set_aside RENAME TO set_aside_away");
  await sql(mars, refuse("raise(ABORT, 'x')"));
  const seq = await sendBulk(mars.url, [sent(1), sent(2, "POISON"), sent(3)]);
  const stats = await statsWhen(mars.url, ({ loops }) => (loops.store?.failures ?? 0) > 1);
  // It can be neither stored nor set aside: it is kept in the journal, and all behind it waits.
  expect([stats.store.stored_seq, stats.loops.store?.last_error]).toEqual([seq - 2, expect.any(String)]);
  await sql(mars, "DROP TRIGGER poison");
  const after = await statsWhen(mars.url, ({ store }) => store.behind === 0);
  expect([after.set_aside.count, after.totals.stored, after.loops.store?.failing_for_ms]).toEqual([0, 3, 0]);
});

test("a message that cannot be followed is set aside, and followed from its first event on when it is replayed", async () => {
  const { lines, log } = collectLog();
  await using mars = await startMars({}, log);
  const definition = {
    stages: [{ event: "CREATED" }, { event: "SEEN", within: "1ms" }],
    complete_on: ["SEEN"],
    grace: "0s",
  };
  const put = {
    method: "PUT",
    body: JSON.stringify(definition),
    headers: { "content-type": "application/json" },
  };
  expect((await fetch(`${mars.url}/api/apps/shop/lifecycle`, put)).status).toBe(200);
  await sql(
    mars,
    `CREATE TRIGGER poison BEFORE INSERT ON findings
      WHEN (SELECT message_id FROM messages WHERE id = NEW.message) = 'm13' BEGIN SELECT raise(ABORT, 'x'); END`,
  );
  const live = await LiveClient.open(mars);
  await live.subscribe("findings");
  await sendBulk(
    mars.url,
    Array.from({ length: 50 }, (_, n) => sent(n)),
  );
  const found = new Set<string>();
  while (found.size < 49) found.add((await live.next()).finding.message_id);
  expect(found.has("m13")).toBe(false);
  await statsWhen(mars.url, ({ set_aside }) => set_aside.count === 1);
  const [aside] = (await listOf(mars)).set_aside;
  expect(aside).toMatchObject({ kind: "message", message_id: "m13", code: "unprocessable", event: null });
  expect(lines).toContainEqual(expect.objectContaining({ event: "message_set_aside", seq: aside!.seq }));
  // It is stored all the same.
  expect(await exists(mars, 13)).toBe(true);

  await sql(mars, "DROP TRIGGER poison");
  expect((await postJson(`${mars.url}/api/set-aside/${aside!.seq}/replay`, {})).status).toBe(200);
  expect((await live.next()).finding).toMatchObject({ message_id: "m13", kind: "missing" });
  await live.close();
});
