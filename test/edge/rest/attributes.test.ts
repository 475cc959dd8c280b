/** Messages by their attributes, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, send, sendBulk } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const put = (app: string, indexed: readonly string[]) =>
  get(`${mars.url}/api/apps/${app}/attributes`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ indexed }),
  });

const indexed = async (app: string) =>
  (await getJson<Json>(`${mars.url}/api/apps/${app}/attributes`)).indexed as Json[];

const ids = async (query: string) =>
  (await getJson<Json>(`${mars.url}/api/messages?${query}`)).messages.map((m: Json) => m.message_id);

test("messages that were there before and that come later are found by their attributes, and counted", async () => {
  const of = (message_id: string, event: string, attributes: Record<string, unknown>) => {
    return { app_id: "shop", message_id, event, attributes };
  };
  await sendBulk(mars.url, [
    of("m1", "SENT", { region: "north", carrier: "dhl", total: 12.5 }),
    of("m2", "SENT", { region: "south" }),
    of("m3", "SENT", { other: 1 }),
    { ...of("m4", "SENT", { region: "north" }), app_id: "other" },
  ]);
  expect(await put("shop", ["region", "carrier", "total"])).toMatchObject({
    status: 200,
    body: { success: true },
  });
  await until(async () => (await indexed("shop")).every(({ done }) => done));
  const seq = await send(mars.url, of("m2", "MOVED", { region: "north", carrier: "ups" }));

  expect(await ids(`app_id=shop&attributes.region=north&min_seq=${seq}&order=oldest`)).toEqual(["m1", "m2"]);
  expect(await ids("app_id=shop&attributes.region=south")).toEqual(["m2"]);
  expect(await ids("app_id=shop&attributes.region=north&attributes.carrier=dhl")).toEqual(["m1"]);
  expect(await ids("app_id=shop&attributes.total=12.5&order=updated")).toEqual(["m1"]);
  expect(await ids("app_id=shop&attributes.region=west")).toEqual([]);

  const { apps } = await getJson<Json>(`${mars.url}/api/apps?min_seq=${seq}`);
  expect(apps.map((app: Json) => [app.app_id, app.indexed])).toEqual([
    ["other", []],
    ["shop", ["region", "carrier", "total"]],
  ]);

  const counts = await getJson<Json>(`${mars.url}/api/apps/shop/counts?by=attributes.region`);
  expect(counts).toEqual({
    counts: [
      { value: "north", messages: 2 },
      { value: "south", messages: 1 },
    ],
    others: 0,
    others_count: 0,
    without: 1,
    messages: 3,
    partial: false,
  });
  expect(await getJson<Json>(`${mars.url}/api/apps/shop/counts?by=attributes.region&state=overdue`)).toEqual({
    counts: [],
    others: 0,
    others_count: 0,
    without: 0,
    messages: 0,
    partial: false,
  });

  const rpc = createClient(MessageService, createConnectTransport({ baseUrl: mars.url, httpVersion: "1.1" }));
  const listed = await rpc.listMessages({ appId: "shop", attributes: { region: "north", carrier: "dhl" } });
  expect(listed.messages.map(({ messageId }) => messageId)).toEqual(["m1"]);
});

test("a name that is not indexed is refused, with those that are", async () => {
  const problem = async (query: string) => (await get(`${mars.url}/api/messages?${query}`)).body;
  await put("few", ["region"]);
  expect(await problem("app_id=few&attributes.size=1")).toMatchObject({
    status: 422,
    errors: [{ field: "attributes.size", message: "is not indexed: this app has region" }],
  });
  expect(await problem("attributes.region=1")).toMatchObject({ status: 422, errors: [{ field: "app_id" }] });
  expect(await problem("app_id=few&attributes=1")).toMatchObject({
    status: 422,
    errors: [{ field: "attributes" }],
  });
  expect(await problem("app_id=few&attribute.region=1")).toMatchObject({
    status: 422,
    errors: [{ field: "attribute.region" }],
  });
  expect((await get(`${mars.url}/api/apps/few/counts?by=attributes.size`)).status).toBe(422);
  for (const names of [["a", "a"], [""], [1], Array.from({ length: 11 }, (_, n) => `n${n}`)]) {
    expect((await put("few", names as string[])).status).toBe(422);
  }
  // What is no longer indexed is refused, too.
  await put("few", []);
  expect((await problem("app_id=few&attributes.region=1")).errors[0].message).toBe(
    "is not indexed: this app has none that is",
  );
});

test("an app that is not there has no attributes and no counts", async () => {
  for (const path of ["attributes", "counts?by=attributes.region"]) {
    const { status } = await get(`${mars.url}/api/apps/nowhere/${path}`);
    expect([path, status]).toEqual([path, 404]);
  }
});

test("findings and overdue stages are listed by the attributes of their messages", async () => {
  const lifecycle = await get(`${mars.url}/api/apps/late/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      stages: [{ event: "SENT" }, { event: "SEEN", after: "SENT", within: "1s" }],
      complete_on: ["SEEN"],
      grace: "0s",
    }),
  });
  expect(lifecycle.status).toBe(200);
  await put("late", ["region"]);
  const created_at = new Date(Date.now() - 60_000).toISOString();
  const seq = await sendBulk(
    mars.url,
    ["north", "south", "south"].map((region, n) => {
      return { app_id: "late", message_id: `m${n}`, event: "SENT", created_at, attributes: { region } };
    }),
  );
  const found = async (path: string, list: string) => {
    const body = await getJson<Json>(`${mars.url}${path}min_seq=${seq}&app_id=late`);
    return body[list].map(({ message_id }: Json) => message_id).sort();
  };
  await until(async () => (await found("/api/overdue?", "overdue")).length === 3);
  expect(await found("/api/overdue?attributes.region=south&", "overdue")).toEqual(["m1", "m2"]);
  const overdue = async (query: string) => (await found(`/api/overdue?${query}&`, "overdue")).length;
  expect(await overdue("due_since=1h")).toBe(3);
  expect(await overdue("due_since=1s")).toBe(0);
  expect(await overdue("due_until=1s")).toBe(3);
  expect(await overdue("due_until=1h")).toBe(0);
  const [{ after }] = (await getJson<Json>(`${mars.url}/api/overdue?app_id=late&limit=1`)).overdue;
  expect(await overdue(`after=${after ?? ""}`)).toBe(3);
  expect(await overdue("after=OTHER&stage=DONE")).toBe(0);
  expect(await found("/api/findings?attributes.region=north&", "findings")).toEqual(["m0"]);
  expect(await found("/api/messages?state=overdue&attributes.region=south&", "messages")).toEqual([
    "m1",
    "m2",
  ]);
  expect((await get(`${mars.url}/api/findings?app_id=late&attributes.size=1`)).status).toBe(422);
  expect(
    (await getJson<Json>(`${mars.url}/api/apps/late/counts?by=attributes.region&state=overdue`)).counts,
  ).toEqual([
    { value: "south", messages: 2 },
    { value: "north", messages: 1 },
  ]);
});

test("a topic with attributes has the events that have them, live and from history, without a gap", async () => {
  const sent = (n: number, attributes: Record<string, unknown>) =>
    send(mars.url, { app_id: "live", message_id: `m${n}`, event: "SENT", attributes });
  const client = await LiveClient.open(mars);
  const topic = "apps/live?attributes.region=north&attributes.vip=true";
  await client.subscribe(topic);
  const first = await sent(1, { region: "north", vip: true });
  await sent(2, { region: "north" });
  await sent(3, { region: "south", vip: true });
  const last = await sent(4, { region: "north", vip: true, more: [1] });
  expect((await client.events(2)).map((frame) => [frame.topic, frame.seq])).toEqual([
    [topic, first],
    [topic, last],
  ]);
  // The same topic without attributes is another one.
  await client.subscribe("apps/live", last);
  const again = await LiveClient.open(mars);
  await again.subscribe(topic, first);
  expect((await again.events(1))[0].seq).toBe(last);
  await again.answered();
  await Promise.all([client.close(), again.close()]);

  const abort = new AbortController();
  const url = `${mars.url}/api/stream?topic=apps/live&attributes.region=south&after=${first}`;
  const stream = await fetch(url, { signal: abort.signal });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("event: event")) break;
  }
  abort.abort();
  expect(text.match(/"message_id":"m\d"/g)).toEqual(['"message_id":"m3"']);
  const bad = async (topic: string) =>
    (await get(`${mars.url}/api/stream?topic=${encodeURIComponent(topic)}`)).status;
  expect(await bad("findings?attributes.a=1")).toBe(422);
  expect(await bad("apps/live?region=north")).toBe(422);
});

test("the funnel is divided by an attribute's values, and its parts are the messages that a list has", async () => {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await fetch(`${mars.url}/api/apps/by/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["ACKED"], grace: "0s" }),
  });
  await put("by", ["carrier"]);
  const created_at = new Date(Date.now() - 60_000).toISOString();
  const carriers = [...Array.from({ length: 12 }, (_, n) => `c${n}`), "c0", "c0", undefined];
  const seq = await sendBulk(
    mars.url,
    carriers.flatMap((carrier, n) => {
      const event = { app_id: "by", message_id: `m${n}`, created_at };
      const sent = { ...event, event: "SENT", ...(carrier && { attributes: { carrier } }) };
      // The later, the slower: 0 ms, 200 ms, 400 ms …
      const acked_at = new Date(Date.parse(created_at) + n * 100).toISOString();
      return n % 2 === 0 ? [sent, { ...event, event: "ACKED", created_at: acked_at }] : [sent];
    }),
  );
  const read = () => getJson<Json>(`${mars.url}/api/apps/by/funnel/by?by=attributes.carrier&min_seq=${seq}`);
  await until(async () => (await read()).values[0]?.stages[1]?.overdue === 1);
  const { values, others, without, messages, partial } = await read();
  expect([messages, partial, values.length, others.values]).toEqual([15, false, 10, 2]);
  expect(values[0]).toMatchObject({
    value: "c0",
    messages: 3,
    stages: [
      { stage: "SENT", reached: 3, waiting: 0, overdue: 0, never: 0 },
      { stage: "ACKED", after: "SENT", reached: 2, waiting: 0, overdue: 1, never: 0 },
    ],
  });
  expect(without).toMatchObject({ messages: 1, stages: [{ reached: 1 }, { reached: 1 }] });
  const example = (id: string) => ({ app_id: "by", message_id: id, message: `/api/apps/by/messages/${id}` });
  expect(values.slice(0, 2).map((part: Json) => part.stages[1].took)).toEqual([
    { count: 2, p50_ms: 0, p99_ms: 1_200, examples: { p50: example("m0"), p99: example("m12") } },
    { count: 0, p50_ms: null, p99_ms: null, examples: { p50: null, p99: null } },
  ]);
  expect(without.stages[1].took).toMatchObject({ count: 1, p50_ms: 1_400, p99_ms: 1_400 });
  expect(without.stages[0].took.count).toBe(0);
  const counted = [...values, others, without].map((part: Json) => part.stages[1].overdue);
  expect(counted.reduce((all, one) => all + one, 0)).toBe(7);
  const listed = await getJson<Json>(
    `${mars.url}/api/messages?app_id=by&stage=ACKED&after=SENT&stage_state=overdue&attributes.carrier=c0`,
  );
  expect(listed.messages.map(({ message_id }: Json) => message_id)).toEqual(["m13"]);
});

test("what is stuck is grouped and triaged by attributes", async () => {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await fetch(`${mars.url}/api/apps/stuck/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["ACKED"], grace: "0s" }),
  });
  await put("stuck", ["carrier", "region"]);
  const sentAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const seq = await sendBulk(
    mars.url,
    Array.from({ length: 9 }, (_, n) => ({
      app_id: "stuck",
      message_id: `m${n}`,
      event: "SENT",
      // Each third message is of b; the first three are old.
      created_at: sentAgo(n < 3 ? 120 : 2),
      attributes: { carrier: n % 3 === 0 ? "b" : "a", region: n < 6 ? "north" : "south" },
    })),
  );
  const read = (query: string) =>
    getJson<Json>(`${mars.url}/api/overdue/groups?app_id=stuck&min_seq=${seq}&${query}`);
  await until(async () => (await read("")).groups[0]?.total === 9);
  const { groups, partial } = await read("attributes.carrier=b");
  expect(partial).toBeUndefined();
  expect(groups).toMatchObject([
    { app_id: "stuck", stage: "ACKED", after: "SENT", total: 3, new: 2, acknowledged: 0 },
  ]);
  expect(groups[0].longest.message_id).toBe("m0");
  expect(groups[0].ages.map(({ count }: Json) => count)).toEqual([2, 0, 1, 0, 0, 0]);
  const listed = await getJson<Json>(mars.url + groups[0].messages);
  expect(listed.messages.map(({ message_id }: Json) => message_id).sort()).toEqual(["m0", "m3", "m6"]);
  expect((await read("attributes.carrier=a&attributes.region=north")).groups[0].total).toBe(4);
  expect((await read("attributes.carrier=none")).groups).toEqual([]);
  const refused = await fetch(`${mars.url}/api/overdue/groups?attributes.carrier=b`);
  expect([refused.status, ((await refused.json()) as Json).errors[0].field]).toEqual([422, "app_id"]);

  const triage = async (attributes: object) => {
    const filter = { app_id: "stuck", attributes };
    const body = JSON.stringify({ action: "acknowledge", filter });
    const headers = { "content-type": "application/json" };
    return await fetch(`${mars.url}/api/triage`, { method: "POST", headers, body });
  };
  expect((await triage({ colour: "red" })).status).toBe(422);
  const marked = (await (await triage({ carrier: "b", region: "north" })).json()) as Json;
  expect(marked).toMatchObject({ matched: 2, changed: 2 });
  expect(marked.samples.map((one: Json) => one.message_id).sort()).toEqual(["m0", "m3"]);
  await until(async () => (await read("attributes.carrier=b")).groups[0].acknowledged === 2);
  const others = await read("attributes.carrier=b&triage=none");
  expect(others.groups[0]).toMatchObject({ total: 1, longest: { message_id: "m6" } });
});

test("of more stuck messages than are counted by an attribute, the latest are", async () => {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await fetch(`${mars.url}/api/apps/many/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["ACKED"], grace: "0s" }),
  });
  await put("many", ["region"]);
  const created_at = (n: number) => new Date(Date.now() - (n < 100 ? 7_200_000 : 120_000)).toISOString();
  const event = (n: number) => ({
    app_id: "many",
    message_id: `m${n}`,
    event: "SENT",
    created_at: created_at(n),
  });
  const events = Array.from({ length: 10_050 }, (_, n) => ({ ...event(n), attributes: { region: "north" } }));
  await sendBulk(mars.url, events.slice(0, 10_000));
  const seq = await sendBulk(mars.url, events.slice(10_000));
  const read = (query: string) =>
    getJson<Json>(`${mars.url}/api/overdue/groups?app_id=many&min_seq=${seq}&${query}`);
  await until(async () => (await read("")).groups[0]?.total === 10_050);
  const { groups, partial } = await read("attributes.region=north");
  // The oldest hundred are beyond the latest 10,000, but for the last fifty.
  expect([partial, groups[0].total, groups[0].new, groups[0].ages[2].count]).toEqual([
    true,
    10_000,
    9_950,
    50,
  ]);
});

test("counts have the hundred most frequent values, and how many others there are", async () => {
  await put("wide", ["customer"]);
  await sendBulk(
    mars.url,
    Array.from({ length: 206 }, (_, n) => {
      // Of 103 values, in two messages each; one message has the last of them and another one.
      return {
        app_id: "wide",
        message_id: `m${n >> 1}-${n & 1}`,
        event: "SENT",
        attributes: { customer: String((n >> 1) + 1_000) },
      };
    }),
  );
  const seq = await sendBulk(mars.url, [
    { app_id: "wide", message_id: "m102-1", event: "MOVED", attributes: { customer: "zz" } },
    { app_id: "wide", message_id: "none", event: "SENT" },
  ]);
  const { counts, ...rest } = await getJson<Json>(
    `${mars.url}/api/apps/wide/counts?by=attributes.customer&min_seq=${seq}`,
  );
  expect(counts.length).toBe(100);
  expect(counts.at(-1)).toEqual({ value: "1099", messages: 2 });
  // Three with two messages each, and the one of a single message.
  expect(rest).toEqual({ others: 4, others_count: 7, without: 1, messages: 207, partial: false });
});
