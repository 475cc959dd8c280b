/** What the journal may hold, and what makes room in it. */
import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openBeside } from "./support/beside.ts";
import { startMars } from "./support/mars.ts";
import { postJson, sendBulk, statsWhen } from "./support/rest.ts";

const MiB = 1024 ** 2;

/** Some 250 KB. */
function bulk(prefix: string) {
  return Array.from({ length: 50 }, (_, n) => ({
    app_id: "a",
    message_id: `${prefix}-${n}`,
    event: "E",
    attributes: { text: "x".repeat(5_000) },
  }));
}

test("a reader of the database, however long it stays, keeps nothing in the journal", async () => {
  await using mars = await startMars({ journalBytesMax: MiB });
  await sendBulk(mars.url, bulk("first"));
  await statsWhen(mars.url, ({ store }) => store.behind === 0);
  const client = openBeside(mars);
  const reader = await client.transaction("deferred");
  await reader.execute("SELECT count(*) FROM events");
  for (let round = 0; round < 12; round++) {
    await sendBulk(mars.url, bulk(`round-${round}`));
    await statsWhen(mars.url, ({ store, journal }) => store.behind === 0 && journal.bytes < MiB / 2);
  }
  const stats = await statsWhen(mars.url, ({ store }) => store.log_bytes > 0);
  expect(stats.store.log_bytes).toBeGreaterThan(2 * MiB);
  reader.close();
  client.close();
});

test("calls that arrive together do not fill the journal beyond its bound", async () => {
  await using mars = await startMars({ journalBytesMax: MiB });
  let largest = 0;
  const statuses = new Set<number>();
  for (let round = 0; round < 4; round++) {
    const calls = Array.from({ length: 24 }, (_, n) =>
      postJson(`${mars.url}/api/event/bulk`, { events: bulk(`${round}-${n}`) }),
    );
    for (const call of calls) statuses.add((await call).status);
    const directory = join(mars.dataDir, "journal");
    const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
    largest = Math.max(
      largest,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
  expect([...statuses].filter((status) => status !== 200 && status !== 429)).toEqual([]);
  // A segment that is cut to size when it is full, and what is made ahead of the records.
  expect(largest).toBeLessThan(MiB + MiB / 2);
});
