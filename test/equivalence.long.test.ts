/**
 * The promise of the contract's third chapter: what Mars shows of a message is a function of the set of its events.
 * The same events once in order, and shuffled, repeated, split at random and sent over every protocol, give answers
 * that are equal to the byte.
 */
import { expect, test } from "bun:test";
import type { JsonObject } from "@bufbuild/protobuf";
import { rpcClients, transports } from "./edge/rpc/clients.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { messageUrl, type RestEvent, send, sendBulk, statsWhen } from "./support/rest.ts";

const eventsTotal = 5_000;
const perMessage = 5;
/** Of every event, how many more times it is sent: one in four is repeated. */
const repeatShare = 0.25;
const seed = Number(process.env.MARS_TEST_SEED ?? 20_261_123);

interface Sent extends RestEvent {
  readonly created_at: string;
}

test(`${eventsTotal} events give the same messages by every protocol and in every order (seed ${seed})`, async () => {
  const random = generator(seed);
  const events = makeEvents();
  await using ordered = await startMars();
  await using mixed = await startMars({ batchEventsMax: 700, collectors: 7 });

  for (let start = 0; start < events.length; start += 2_000) {
    await sendBulk(ordered.url, events.slice(start, start + 2_000));
  }
  const repeats = events.filter(() => random() < repeatShare);
  await sendMixed(mixed, shuffle([...events, ...repeats], random), random);

  const [once] = await Promise.all([caughtUp(ordered), caughtUp(mixed)]);
  expect(once.totals.duplicates).toBe(0);
  expect((await caughtUp(mixed)).totals.duplicates).toBe(repeats.length);

  const keys = [...new Set(events.map((event) => `${event.app_id}\n${event.message_id}`))];
  expect(keys.length).toBe(eventsTotal / perMessage);
  const repeated = Map.groupBy(repeats, (event) => `${event.app_id}\n${event.message_id}`);
  await inParallel(keys, 32, async (key) => {
    const [appId = "", messageId = ""] = key.split("\n");
    const [expected, found] = await Promise.all(
      [ordered, mixed].map((mars) => answer(mars, appId, messageId)),
    );
    expect(found!.shown).toBe(expected!.shown);
    expect(found!.duplicates).toBe(repeated.get(key)?.length ?? 0);
  });
}, 90_000);

/** Unicode, ties in time, ids of the producer's own, attributes, and one message id in two apps. */
function makeEvents(): Sent[] {
  return Array.from({ length: eventsTotal }, (_, n) => {
    const message = Math.floor(n / perMessage);
    const stage = n % perMessage;
    return {
      app_id: `app-${message % 2}`,
      message_id: `m/${message >> 1} é\u{1F680}`,
      event: `STAGE_${stage}`,
      created_at: new Date(Date.UTC(2026, 0, 1) + message * 10 + (stage >> 1))
        .toISOString()
        .replace("Z", "007Z"),
      ...(message % 3 === 0 && { event_id: `id-${stage}` }),
      ...(message % 5 === 0 && { external_id: `x-${message}` }),
      ...(message % 6 === 0 && { parent_id: `m/${(message >> 1) + 1} é\u{1F680}` }),
      ...(message % 7 === 0 && { attributes: { stage, ключ: ["é", null, { deep: 1.5 }] } }),
    };
  });
}

/** Splits the events at random and sends each piece over a protocol chosen at random. */
async function sendMixed(mars: TestMars, events: readonly Sent[], random: () => number): Promise<void> {
  const clients = transports.map(([, open]) => rpcClients(open(mars)));
  const anyClient = () => clients[Math.floor(random() * clients.length)]!;
  const senders: readonly {
    share: number;
    sizeMax: number;
    send: (piece: readonly Sent[]) => Promise<unknown>;
  }[] = [
    { share: 3, sizeMax: 1, send: ([event]) => send(mars.url, event!) },
    { share: 3, sizeMax: 1, send: ([event]) => anyClient().ingest.collectEvent(toProto(event!)) },
    { share: 1, sizeMax: 300, send: (piece) => sendBulk(mars.url, piece) },
    { share: 1, sizeMax: 300, send: (piece) => sendNdjson(mars, piece) },
    {
      share: 1,
      sizeMax: 300,
      send: (piece) => anyClient().ingest.collectEvents({ events: piece.map(toProto) }),
    },
    // Streams in both directions need HTTP/2 from end to end; the first transport is gRPC.
    { share: 1, sizeMax: 600, send: (piece) => sendStream(clients[0]!, piece, random) },
  ];
  const wheel = senders.flatMap((sender) => Array.from({ length: sender.share }, () => sender));
  const pieces: { piece: readonly Sent[]; sender: (typeof senders)[number] }[] = [];
  for (let start = 0; start < events.length; ) {
    const sender = wheel[Math.floor(random() * wheel.length)]!;
    const size = 1 + Math.floor(random() * sender.sizeMax);
    pieces.push({ sender, piece: events.slice(start, start + size) });
    start += size;
  }
  await inParallel(pieces, 16, ({ piece, sender }) => sender.send(piece));
}

async function sendNdjson(mars: TestMars, events: readonly Sent[]): Promise<void> {
  const response = await fetch(`${mars.url}/api/event/bulk`, {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson", "Content-Encoding": "zstd" },
    body: Bun.zstdCompressSync(events.map((event) => JSON.stringify(event)).join("\n")),
  });
  expect([response.status, await response.json()]).toMatchObject([200, { accepted: events.length }]);
}

async function sendStream(
  client: ReturnType<typeof rpcClients>,
  events: readonly Sent[],
  random: () => number,
): Promise<void> {
  let accepted = 0;
  async function* batches() {
    for (let start = 0, id = 1n; start < events.length; id++) {
      const size = 1 + Math.floor(random() * 100);
      yield { batchId: id, events: events.slice(start, start + size).map(toProto) };
      start += size;
    }
  }
  for await (const acknowledged of client.ingest.collectStream(batches())) accepted += acknowledged.accepted;
  expect(accepted).toBe(events.length);
}

function toProto(event: Sent) {
  const seconds = Math.floor(Date.parse(event.created_at) / 1000);
  const micros = Number(event.created_at.slice(-7, -1));
  return {
    appId: event.app_id,
    messageId: event.message_id,
    event: event.event,
    createdAt: { seconds: BigInt(seconds), nanos: micros * 1000 },
    eventId: event.event_id ?? "",
    externalId: event.external_id ?? "",
    parentId: event.parent_id ?? "",
    ...(event.attributes && { attributes: event.attributes as JsonObject }),
  };
}

async function caughtUp(mars: TestMars) {
  return statsWhen(mars.url, ({ store }) => store.behind === 0, 60_000);
}

/** The answer as it came, less what depends on when it was received, and the repeats counted in it. */
async function answer(mars: TestMars, appId: string, messageId: string) {
  const response = await fetch(messageUrl(mars.url, appId, messageId));
  expect(response.status).toBe(200);
  const text = await response.text();
  const duplicates = [...text.matchAll(/"duplicates":(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  const shown = text
    .replace(/"received_at":"[^"]*"/g, '"received_at":""')
    .replace(/"(seq|as_of_seq|duplicates)":\d+/g, '"$1":0');
  return { shown, duplicates };
}

async function inParallel<T>(
  items: readonly T[],
  workers: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (next < items.length) await work(items[next++]!);
    }),
  );
}

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/** A linear congruential generator: the same seed, the same run. */
function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
