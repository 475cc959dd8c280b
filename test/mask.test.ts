import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rpcClients, transports } from "./edge/rpc/clients.ts";
import { openBeside } from "./support/beside.ts";
import { LiveClient } from "./support/live-client.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { getJson, messageUrl, postJson, send, sendBulk, statsWhen } from "./support/rest.ts";

const secret = "4111-1111-1111-1111";
/** Names in the spellings of producers, at several depths, and texts that only look like them. */
const attributes = {
  Card: secret,
  cards: "kept",
  note: '"card": is kept',
  payer: { list: [{ IBAN: { nested: secret } }, { "a.b*": [secret], aXbb: "kept" }] },
};
const expected = {
  Card: "(masked)",
  cards: "kept",
  note: '"card": is kept',
  payer: { list: [{ IBAN: "(masked)" }, { "a.b*": "(masked)", aXbb: "kept" }] },
};
const settings = { maskAttributes: ["card", "iban", "a.b*"] };

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars(settings);
});
afterAll(() => mars[Symbol.asyncDispose]());

interface MessageAnswer {
  readonly event_count: number;
  readonly events: readonly { readonly attributes: unknown; readonly duplicates: number }[];
}

const event = (messageId: string) => ({ app_id: "shop", message_id: messageId, event: "paid", attributes });

async function attributesOf(messageId: string, minSeq: number | bigint): Promise<unknown> {
  const { events } = await getJson<MessageAnswer>(
    `${messageUrl(mars.url, "shop", messageId)}?min_seq=${minSeq}`,
  );
  return events[0]?.attributes;
}

describe("values of masked attributes are replaced", () => {
  test("of one event, and of many as JSON and as lines, for readers and subscribers", async () => {
    const live = await LiveClient.open(mars);
    await live.subscribe("apps/shop/messages/one");
    const one = await send(mars.url, event("one"));
    const many = await sendBulk(mars.url, [event("many")]);
    const lines = await fetch(`${mars.url}/api/event/bulk`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: `${JSON.stringify(event("line"))}\n`,
    });
    const { seq } = (await lines.json()) as { seq: number };
    expect(await attributesOf("one", one)).toEqual(expected);
    expect(await attributesOf("many", many)).toEqual(expected);
    expect(await attributesOf("line", seq)).toEqual(expected);
    expect((await live.events(1))[0]?.event.attributes).toEqual(expected);
  });

  for (const [name, open] of transports) {
    test(`by ${name}: alone, in a batch, in a large one and in a stream`, async () => {
      const { ingest } = rpcClients(open(mars));
      const of = (way: string) => ({
        appId: "shop",
        messageId: `${name} ${way}`,
        event: "paid",
        attributes,
      });
      const { seq: one } = await ingest.collectEvent(of("one"));
      const { seq: batch } = await ingest.collectEvents({ events: [of("batch")] });
      const filler = Array.from({ length: 400 }, (_, n) => ({ ...of("filler"), eventId: `${n}` }));
      const { seq: large } = await ingest.collectEvents({ events: [of("large"), ...filler] });
      const seqs = new Map([
        ["one", one],
        ["batch", batch],
        ["large", large],
      ]);
      if (!name.includes("Web") && !name.startsWith("Connect with")) {
        for await (const ack of ingest.collectStream(
          (async function* () {
            yield { batchId: 1n, events: [of("stream")] };
          })(),
        )) {
          seqs.set("stream", ack.seq);
        }
      }
      for (const [way, seq] of seqs) expect(await attributesOf(`${name} ${way}`, seq)).toEqual(expected);
    });
  }

  test("of an event that is replayed after it was set aside by a Mars without a mask", async () => {
    await using before = await startMars();
    const database = openBeside(before);
    await database.execute(
      "CREATE TRIGGER poison BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'x'); END",
    );
    const seq = await send(before.url, event("aside"));
    await statsWhen(before.url, ({ set_aside }) => set_aside.count === 1);
    await database.execute("DROP TRIGGER poison");
    database.close();
    await using after = await before.restart(settings);
    const replayed = (await (await postJson(`${after.url}/api/set-aside/${seq}/replay`, {})).json()) as {
      seq: number;
    };
    const { events } = await getJson<MessageAnswer>(
      `${messageUrl(after.url, "shop", "aside")}?min_seq=${replayed.seq}`,
    );
    expect(events[0]?.attributes).toEqual(expected);
  });
});

test("no file of Mars has a masked value, and the figures count them", async () => {
  await using fresh = await startMars(settings);
  await send(fresh.url, event("on disk"));
  const { totals } = await statsWhen(fresh.url, ({ store }) => store.behind === 0);
  expect(totals.masked_values).toBe(3);
  await fresh.stop();
  const found = Bun.spawnSync(["grep", "-rlaF", secret, fresh.dataDir]);
  expect(found.stdout.toString()).toBe("");
  // The search finds what is there.
  expect(Bun.spawnSync(["grep", "-rlaF", "(masked)", fresh.dataDir]).stdout.toString()).not.toBe("");
});

test("events that differ in masked values only are repeats of one", async () => {
  const at = { created_at: "2026-01-01T00:00:00Z" };
  await send(mars.url, { ...event("same"), ...at, attributes: { card: "1" } });
  const seq = await send(mars.url, { ...event("same"), ...at, attributes: { card: "2" } });
  const message = await getJson<MessageAnswer>(`${messageUrl(mars.url, "shop", "same")}?min_seq=${seq}`);
  expect([message.event_count, message.events[0]?.duplicates]).toEqual([1, 1]);
});

test("attributes are measured as they were sent", async () => {
  const long = { ...event("long"), attributes: { card: "x".repeat(8 * 1024) } };
  expect((await postJson(`${mars.url}/api/event`, long)).status).toBe(422);
});
