/** Every acknowledged report is kept: what is one event, and what are two. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, type RestEvent, send, sendBulk } from "../../support/rest.ts";
import { rpcClients, transports } from "../rpc/clients.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

interface Shown {
  readonly event_count: number;
  readonly events: readonly {
    readonly event: string;
    readonly created_at: string;
    readonly received_at: string;
    readonly event_id: string | null;
    readonly duplicates: number;
    readonly attributes: Readonly<Record<string, unknown>> | null;
  }[];
}

function read(messageId: string, minSeq: number): Promise<Shown> {
  return getJson(`${messageUrl(mars.url, "app", messageId)}?min_seq=${minSeq}`);
}

const at = "2026-03-01T10:00:05Z";

/** Two reports, and whether they are one event. */
const pairs: readonly (readonly [string, Partial<RestEvent>, Partial<RestEvent>, boolean])[] = [
  ["the same time, nothing else", { created_at: at }, { created_at: at }, true],
  ["the same time, other offset", { created_at: at }, { created_at: "2026-03-01T11:00:05.000+01:00" }, true],
  ["another microsecond", { created_at: at }, { created_at: "2026-03-01T10:00:05.000001Z" }, false],
  [
    "other attributes",
    { created_at: at, attributes: { url: "u0" } },
    { created_at: at, attributes: { url: "u1" } },
    false,
  ],
  ["attributes and none", { created_at: at, attributes: {} }, { created_at: at }, false],
  [
    "attributes in another order",
    { created_at: at, attributes: { a: 1, b: [{ c: 1, d: null }], "2": 0, "10": 0 } },
    { created_at: at, attributes: { "10": 0, b: [{ d: null, c: 1 }], "2": 0, a: 1 } },
    true,
  ],
  [
    "a list in another order",
    { created_at: at, attributes: { a: [1, 2] } },
    { created_at: at, attributes: { a: [2, 1] } },
    false,
  ],
  ["another external id", { created_at: at, external_id: "x" }, { created_at: at, external_id: "y" }, false],
  ["another parent", { created_at: at, parent_id: "p" }, { created_at: at, parent_id: "q" }, false],
  ["a parent and none", { created_at: at, parent_id: "p" }, { created_at: at }, false],
  [
    "a parent and an external id",
    { created_at: at, parent_id: "p" },
    { created_at: at, external_id: "p" },
    false,
  ],
  [
    "text on either side of the boundary",
    { created_at: at, external_id: '{"a":1}' },
    { created_at: at, attributes: { a: 1 } },
    false,
  ],
  ["an event id and none", { created_at: at, event_id: "e" }, { created_at: at }, false],
  [
    "one event id, all else different",
    { created_at: at, event_id: "e", external_id: "x", attributes: { a: 1 } },
    { created_at: "2026-03-01T09:00:00Z", event_id: "e" },
    true,
  ],
  [
    "one event id, two stages",
    { created_at: at, event_id: "req-1", event: "created" },
    { created_at: at, event_id: "req-1", event: "paid" },
    false,
  ],
  ["no time", {}, {}, false],
  ["no time, other attributes", { attributes: { n: 1 } }, { attributes: { n: 2 } }, false],
];

test.each(pairs)("two reports: %s", async (name, a, b, same) => {
  const expected = same ? [1, [1]] : [2, [0, 0]];
  for (const [way, report] of [
    ["apart", (one: RestEvent, two: RestEvent) => send(mars.url, one).then(() => send(mars.url, two))],
    ["together", (one: RestEvent, two: RestEvent) => sendBulk(mars.url, [one, two])],
  ] as const) {
    const message = { app_id: "app", message_id: `${way} ${name}`, event: "click" };
    const seq = await report({ ...message, ...a }, { ...message, ...b });
    const { event_count, events } = await read(message.message_id, seq);
    expect([event_count, events.map(({ duplicates }) => duplicates)]).toEqual(expected as never);
  }
});

test("many reports of one message in one second, sent one by one and in bulk, are all kept", async () => {
  const message = { app_id: "app", message_id: "clicks", event: "click" };
  await Promise.all(Array.from({ length: 200 }, (_, n) => send(mars.url, { ...message, attributes: { n } })));
  const seq = await sendBulk(
    mars.url,
    Array.from({ length: 200 }, (_, n) => ({ ...message, ...(n % 2 === 0 && { attributes: { n } }) })),
  );
  const { event_count, events } = await read("clicks", seq);
  expect([event_count, events.length]).toEqual([400, 400]);
  const times = events.map(({ created_at }) => created_at);
  expect(new Set(times).size).toBe(400);
  expect(events.every(({ created_at, received_at }) => created_at === received_at)).toBe(true);
});

test("events of one bulk without times stand in the order in which they were sent", async () => {
  const message = { app_id: "app", message_id: "in order" };
  const stages = ["processed", "delivered", "click", "archived"];
  const seq = await sendBulk(
    mars.url,
    stages.map((event) => ({ ...message, event })),
  );
  expect(await read("in order", seq)).toMatchObject({ stages, last_event: "archived" });
});

test.each(transports)("events without times over %s are all kept, in order", async (name, open) => {
  const { ingest } = rpcClients(open(mars));
  const message = { appId: "app", messageId: `rpc ${name}` };
  const { seq } = await ingest.collectEvents({
    events: Array.from({ length: 50 }, (_, n) => ({ ...message, event: "click", attributes: { n } })),
  });
  const { events } = await read(message.messageId, Number(seq));
  expect(events.map(({ attributes }) => attributes?.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});
