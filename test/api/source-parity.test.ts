/** The same questions about sources over every protocol: each gives the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { listSourceDeliveries, replaySource, trySource } from "../../src/api/source-trials.ts";
import { deleteSource, getSource, listSources, putSource } from "../../src/api/sources.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { doors, type Json, type Outcome } from "./doors.ts";

type Step = readonly [operation: Operation, input: Json];

const own = {
  id: "own",
  app_id: "shop",
  verify: {
    scheme: "hmac",
    secret: "a secret",
    header: "x-signature",
    payload: "{timestamp}.{body}",
    separator: ",",
    signature_field: "v1",
    timestamp_field: "t",
    tolerance: "10m",
  },
  each: "body.items",
  when: 'item.kind != "noise"',
  message_id: "item.order",
  event: "item.kind",
  created_at: "item.at",
  event_id: "item.id",
  external_id: "item.basket",
  parent_id: "item.parent",
  attributes: { region: "item.region", list: "[1.5, item.region]" },
  otherwise: "keep",
  body_bytes_max: 10_000,
};
const at = "2026-01-31T12:00:00Z";
const items = [
  { id: "a", order: 1, kind: "sent", at, region: "north", basket: "b-1", parent: "p" },
  { id: "b", kind: "noise" },
  { id: "c", kind: "sent" },
];

const steps: readonly Step[] = [
  [putSource, own],
  [putSource, { id: "pay", app_id: "shop", preset: "stripe", verify: { secret: "whsec_1" } }],
  [putSource, { id: "pay", app_id: "shop", preset: "stripe", verify: { secret: "whsec_2", overlap: "1h" } }],
  [putSource, { id: "none", app_id: "shop", preset: "nothing" }],
  [putSource, { id: "none", app_from: "body.app", preset: "stripe", verify: { secret: "x", username: "x" } }],
  [putSource, { ...own, id: "none", when: "item.kind ==", attributes: { "": "x" } }],
  [putSource, { ...own, id: "none", event: "nobody.knows" }],
  [putSource, { id: "any", app_from: "body.app", preset: "postmark", verify: { scheme: "none" } }],
  [getSource, { id: "own" }],
  [getSource, { id: "any" }],
  [getSource, { id: "none" }],
  [listSources, { limit: 1 }],
  [listSources, {}],
  [listSources, { cursor: "x" }],
  [trySource, { id: "own", body: JSON.stringify({ items }), headers: { "X-A": "1" } }],
  [trySource, { id: "own", body: "{" }],
  [trySource, { id: "own", body: "{}", definition: { app_id: "shop", preset: "ses" } }],
  [trySource, { id: "own", body: "{}", definition: { app_id: "shop" } }],
  [trySource, { id: "none", body: "{}" }],
  [listSourceDeliveries, { id: "kept" }],
  [listSourceDeliveries, { id: "kept", limit: 101 }],
  [listSourceDeliveries, { id: "none" }],
  [replaySource, { id: "kept" }],
  [replaySource, { id: "kept", delivery: 1 }],
  [replaySource, { id: "kept", delivery: 99 }],
  [listSourceDeliveries, { id: "kept", limit: 1 }],
  [deleteSource, { id: "any" }],
  [deleteSource, { id: "any" }],
];

interface Talk {
  readonly door: string;
  readonly outcomes: readonly unknown[];
}

const started: TestMars[] = [];
let talks: readonly Talk[];
const asked = new Map<Operation, Outcome[]>();

beforeAll(async () => {
  talks = await Promise.all(
    doors.map(async ({ name, open }) => {
      const mars = await startMars();
      started.push(mars);
      await prepare(mars);
      const call = open(mars);
      const outcomes: unknown[] = [];
      for (const [operation, input] of steps) {
        const outcome = await call(operation, input);
        asked.set(operation, [...(asked.get(operation) ?? []), outcome]);
        outcomes.push({ asked: `${operation.name} ${JSON.stringify(input)}`, outcome: alike(outcome) });
      }
      return { door: name, outcomes };
    }),
  );
}, 60_000);
afterAll(() => Promise.all(started.map((mars) => mars[Symbol.asyncDispose]())));

test("each operation has answered, and those that can have refused", () => {
  for (const operation of operations.filter(({ rpc }) => rpc.includes("SourceService"))) {
    const outcomes = asked.get(operation) ?? [];
    const answers = outcomes.filter((one) => "answer" in one).length;
    expect([operation.name, answers > 0, answers < outcomes.length]).toEqual([operation.name, true, true]);
  }
});

describe.each(doors.slice(1).map(({ name }) => name))("over %s", (door) => {
  test("all answers are those of REST", () => {
    const [over, rest] = [talks.find((talk) => talk.door === door), talks[0]];
    expect(over?.outcomes).toEqual(rest?.outcomes as never);
  });
});

/** A source that has taken a delivery. */
async function prepare(mars: TestMars): Promise<void> {
  const definition = { app_id: "shop", preset: "postmark", verify: { scheme: "none" } };
  const headers = { "content-type": "application/json" };
  const put = { method: "PUT", headers, body: JSON.stringify(definition) };
  expect((await fetch(`${mars.url}/api/sources/kept`, put)).status).toBe(200);
  const body = JSON.stringify({ RecordType: "Open", MessageID: "m", ReceivedAt: at, Tag: "t" });
  const sent = { method: "POST", headers: { "user-agent": "Postmark" }, body };
  expect((await fetch(`${mars.url}/in/kept`, sent)).status).toBe(200);
}

/** Times and cursors differ from one Mars to the next. */
function alike(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "success")
      .map(([name, member]) => [name, /_at$|_until$|cursor|^seq$/.test(name) ? name : alike(member)]),
  );
}
