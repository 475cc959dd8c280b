/** Over the wire: who watches, who resumes and who reads end with the same view of a message. */
import { expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, type RestEvent, send, sendBulk } from "../../support/rest.ts";
import { rpcClients, transports } from "../rpc/clients.ts";

const topic = "apps/app/messages/m";
const message = { app_id: "app", message_id: "m" };
const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, "0")}.000000Z`;

interface Shown {
  readonly seq: number;
  readonly replaces?: number;
  readonly event: string;
  readonly created_at: string;
  readonly attributes: unknown;
}

test("repeats that meet in one request, and one that changes an event later, look the same live, resumed and read", async () => {
  await using mars = await startMars();
  const live = await LiveClient.open(mars);
  live.send({ type: "subscribe", topic });
  expect(await live.next()).toMatchObject({ type: "subscribed" });

  const paid = (second: number, note: string): RestEvent => ({
    ...message,
    event: "paid",
    event_id: "e",
    created_at: at(second),
    attributes: { note },
  });
  await sendBulk(mars.url, [
    paid(20, "late"),
    { ...message, event: "created", created_at: at(1) },
    paid(10, "soon"),
  ]);
  // A repeat that changes nothing is not published, and one that does is, under its own seq.
  const same = await send(mars.url, paid(30, "no matter"));
  await read(mars, same);
  const changed = await send(mars.url, paid(5, "first"));
  const end = await send(mars.url, { ...message, event: "end", created_at: at(40) });

  const seen: Shown[] = [];
  while (seen.at(-1)?.event !== "end") {
    const frame = await live.next();
    expect(frame).toMatchObject({ type: "event", topic, seq: frame.event.seq });
    seen.push(frame.event);
  }
  expect(seen.map(({ event, created_at, replaces }) => [event, created_at, replaces])).toEqual([
    ["paid", at(10), undefined],
    ["created", at(1), undefined],
    ["paid", at(5), seen[0]!.seq],
    ["end", at(40), undefined],
  ]);
  expect(seen[2]!.seq).toBe(changed);

  const stored = await read(mars, end);
  expect(viewOf(seen)).toEqual(stored);
  for (const after of [0, ...seen.map(({ seq }) => seq)]) {
    const resumed = await resume(mars, after, end);
    expect(viewOf([...seen.filter(({ seq }) => seq <= after), ...resumed])).toEqual(stored);
    // At one seq all see one thing.
    for (const one of resumed) expect(seen).toContainEqual(one);
  }

  const { messages } = rpcClients(transports[0]![1](mars));
  for await (const { item } of messages.watchEvents({ topic, afterSeq: BigInt(changed - 1) })) {
    if (item.case !== "batch") continue;
    expect(item.value.events[0]).toMatchObject({ seq: BigInt(changed), replaces: BigInt(seen[0]!.seq) });
    break;
  }
});

async function read(mars: TestMars, minSeq: number): Promise<Shown[]> {
  const url = `${messageUrl(mars.url, "app", "m")}?min_seq=${minSeq}`;
  const { events } = await getJson<{ events: Shown[] }>(url);
  return events.map(({ seq, event, created_at, attributes }) => ({ seq, event, created_at, attributes }));
}

async function resume(mars: TestMars, after: number, end: number): Promise<Shown[]> {
  const client = await LiveClient.open(mars);
  client.send({ type: "subscribe", topic, after });
  expect(await client.next()).toMatchObject({ type: "subscribed", recovered: true });
  const events: Shown[] = [];
  while (after < end && events.at(-1)?.seq !== end) events.push((await client.next()).event);
  return events;
}

/** What a page shows that takes an event which replaces another for it. */
function viewOf(events: readonly Shown[]) {
  const known = new Map<number, Shown>();
  for (const { seq, replaces = seq, event, created_at, attributes } of events) {
    known.set(replaces, { seq: replaces, event, created_at, attributes });
  }
  return [...known.values()].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}
