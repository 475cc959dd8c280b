/** What is larger than a libSQL server's answer may be can be read all the same, page by page. */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveClient } from "../support/live-client.ts";
import { startMars } from "../support/mars.ts";
import { getJson, messageUrl, sendBulk, statsWhen } from "../support/rest.ts";
import { sqldSupported, startSqld } from "../support/sqld.ts";

interface Page {
  readonly event_count: number;
  readonly events: readonly { readonly seq: number; readonly replaces?: number }[];
  readonly next_cursor: string | null;
}

test.skipIf(!sqldSupported)(
  "a message of 13 MB on a server is read from either end, listed and followed",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "mars-sqld-"));
    const sqld = await startSqld({ dbPath: join(directory, "db") });
    try {
      await using mars = await startMars({ databaseUrl: sqld.httpUrl });
      const attributes = { text: '"x'.repeat(2_600) };
      const events = Array.from({ length: 1_600 }, (_, n) => ({
        app_id: "app",
        message_id: "large",
        event: "s",
        event_id: `e${n}`,
        external_id: `x${n % 300}`,
        created_at: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
        attributes,
      }));
      for (let at = 0; at < events.length; at += 400) await sendBulk(mars.url, events.slice(at, at + 400));
      // One is changed later.
      const last = await sendBulk(mars.url, [{ ...events[9]!, created_at: "2025-12-31T00:00:00Z" }]);
      await statsWhen(
        mars.url,
        ({ store, projector }) => store.behind === 0 && projector.behind === 0,
        60_000,
      );
      for (const order of ["oldest", "newest"]) {
        const seqs = new Set<number>();
        for (let cursor = ""; ; ) {
          const url = `${messageUrl(mars.url, "app", "large")}?order=${order}${cursor && `&cursor=${cursor}`}`;
          const page = await getJson<Page>(url);
          expect(page.event_count).toBe(1_600);
          for (const { seq } of page.events) seqs.add(seq);
          if (page.next_cursor === null) break;
          cursor = page.next_cursor;
        }
        expect(seqs.size).toBe(1_600);
      }
      const listed = await getJson<{ messages: unknown[] }>(`${mars.url}/api/messages?external_id=x7`);
      expect(listed.messages).toMatchObject([{ message_id: "large", event_count: 1_600, partial: true }]);

      const client = await LiveClient.open(mars);
      await client.subscribe("apps/app/messages/large", 0);
      const frames = await client.events(1_600);
      expect(frames.at(-1)).toMatchObject({ seq: last, event: { replaces: frames[0].seq + 9 } });
      const { loops } = await getJson<{ loops: Record<string, { last_error: string }> }>(
        `${mars.url}/api/q/stats`,
      );
      expect(Object.entries(loops).filter(([, { last_error }]) => last_error !== "")).toEqual([]);
    } finally {
      await sqld.kill();
      await rm(directory, { recursive: true, force: true });
    }
  },
  120_000,
);
