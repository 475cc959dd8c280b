/** What a notification says, and what answers say of its incident later. */
import { expect, test } from "bun:test";
import { startMars } from "../support/mars.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const lifecycle = {
  stages: [{ event: "PAID" }, { event: "SHIPPED", after: "PAID", within: "10ms" }],
  complete_on: ["SHIPPED"],
  grace: "0s",
};

async function put(url: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "PUT", body: JSON.stringify(body), headers });
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

const events = (event: string, ids: readonly string[], at = Date.now()) =>
  ids.map((id) => ({ app_id: "shop", message_id: id, event, created_at: new Date(at).toISOString() }));

interface Figures {
  count: number;
  new: number;
  samples: string[];
  hop_p99_ms: number | null;
}

test("a notification is about what has made it fire, and keeps that while figures change", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars({
    alertAllow: ["127.0.0.1"],
    publicUrl: "https://mars.example.com",
  });
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api}/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${api}/rules/stuck`, { sinks: ["ops"], window: "1s", at_least: 3 });

  // How long it takes normally, and what has been dead since yesterday.
  const start = Date.now();
  await sendBulk(mars.url, events("PAID", ["good"], start));
  await sendBulk(mars.url, events("SHIPPED", ["good"], start + 4));
  await sendBulk(mars.url, events("PAID", ["dead 1", "dead 2"], start - 86_400_000));
  const overdue = () => getJson<{ overdue: unknown[] }>(`${mars.url}/api/overdue`);
  await until(
    async () => (await overdue()).overdue.length === 2,
    () => "the dead ones are not overdue",
  );
  // The two leave the rule's window.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await sendBulk(mars.url, events("PAID", ["a", "b", "c/d"]));
  const [sent] = await receiver.count(1);
  const { text, incident } = JSON.parse(sent!.body).data;
  expect(text).toMatch(
    /^shop: 3 new messages stuck at PAID → SHIPPED since \d\d:\d\d UTC, 5 in all since \S+ \d\d:\d\d UTC, longest (23 h 59 m|1 d.*), normally within \d ms, sample ids a, b, c\/d$/,
  );
  expect(incident).toMatchObject({ count: 5, new: 3, samples: ["a", "b", "c/d"] });
  expect(incident.hop_p99_ms).toBeWithin(3.9, 4.2);
  expect(incident.links).toEqual({
    incident: "https://mars.example.com/incidents?id=1",
    group: "https://mars.example.com/stuck?app_id=shop&stage=SHIPPED&after=PAID",
    messages: ["a", "b", "c%2Fd"].map(
      (id) => `https://mars.example.com/search/event?app_id=shop&message_id=${id}`,
    ),
  });

  // The addresses are of pages that are there.
  for (const link of [incident.links.incident, incident.links.group, incident.links.messages[0]]) {
    const page = await fetch(link.replace("https://mars.example.com", mars.url));
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  }

  await sendBulk(mars.url, events("SHIPPED", ["a", "b"]));
  const read = () => getJson<{ text: string; figures: Figures }>(`${api}/incidents/${incident.id}`);
  await until(
    async () => (await read()).figures.count === 3,
    () => "the figures are not today's",
  );
  const now = await read();
  expect(now.text).toBe(text);
  expect(now.figures).toMatchObject({ new: 0, samples: ["dead 1", "dead 2", "c/d"] });
  const { incidents } = await getJson<{ incidents: { figures: Figures }[] }>(`${api}/incidents`);
  expect(incidents).toMatchObject([{ figures: { count: 3, hop_p99_ms: null } }]);
  const { deliveries } = await getJson<{ deliveries: { figures: Figures }[] }>(`${api}/deliveries`);
  expect(deliveries).toMatchObject([{ figures: { count: 5, new: 3, samples: ["a", "b", "c/d"] } }]);
});

test("an import of last week's events opens no incident", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars({ alertAllow: ["127.0.0.1"] });
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api}/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${api}/rules/one`, { sinks: ["ops"], window: "1s" });
  await put(`${api}/rules/two`, { sinks: ["ops"], window: "1s", at_least: 2 });
  await put(`${api}/rules/late`, { sinks: ["ops"], window: "1s", kinds: ["late"] });
  const ids = Array.from({ length: 50 }, (_, n) => `old ${n}`);
  const week = 7 * 86_400_000;
  const start = Date.now();
  const overdue = async (count: number) => {
    const read = () => getJson<{ overdue: unknown[] }>(`${mars.url}/api/overdue?limit=1000`);
    await until(
      async () => (await read()).overdue.length === count,
      () => `not ${count} are overdue`,
    );
  };
  await sendBulk(mars.url, events("PAID", ids, start - week));
  await sendBulk(mars.url, events("SHIPPED", ids.slice(0, 20), start - week + 60_000));
  await overdue(30);
  // It has been evaluated when what came behind it has led to a notification.
  await sendBulk(mars.url, events("PAID", ["new"]));
  const [opened] = await receiver.count(1);
  expect(JSON.parse(opened!.body)).toMatchObject({
    type: "incident.opened",
    data: { incident: { rule: "one", kind: "missing", new: 1, count: 31, samples: ["new"] } },
  });
  const { incidents } = await getJson<{ incidents: { rule: string }[] }>(`${api}/incidents`);
  expect(incidents).toMatchObject([{ rule: "one" }]);
  expect(receiver.received).toHaveLength(1);
});

test("an import neither grows an incident, nor keeps it open, nor reopens it", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars({ alertAllow: ["127.0.0.1"] });
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api}/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${api}/rules/two`, { sinks: ["ops"], window: "1s", at_least: 2, grow_after: "1s" });
  const texts = async (count: number) =>
    (await receiver.count(count)).map(({ body }) => JSON.parse(body).data.text as string);
  await sendBulk(mars.url, events("PAID", ["a", "b"]));
  await texts(1);
  const ids = Array.from({ length: 20 }, (_, n) => `old ${n}`);
  await sendBulk(mars.url, events("PAID", ids, Date.now() - 86_400_000));
  await sendBulk(mars.url, events("SHIPPED", ["a"]));
  // One is left, which is fewer than two: the import does not count, before and after the end.
  const [, fallen] = await texts(2);
  expect(fallen).toMatch(
    /^shop: resolved: fewer than 2 messages are stuck at PAID → SHIPPED, 1 left, besides 20 imported, after /,
  );
  await sendBulk(mars.url, events("PAID", ["c"]));
  const [, , reopened] = await texts(3);
  expect(reopened).toMatch(/^shop: 1 new message stuck at PAID → SHIPPED since \S+ UTC, 22 in all since /);
  await sendBulk(mars.url, events("SHIPPED", ["b", "c"]));
  const [, , , ended] = await texts(4);
  expect(ended).toMatch(
    /^shop: resolved: no message is stuck at PAID → SHIPPED any more, besides 20 imported, after /,
  );
}, 40_000);
