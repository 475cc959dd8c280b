/** One conversation about collectors of message brokers over every protocol, with a Mars for each: all give the same answers. */
import { beforeAll, describe, expect, test } from "bun:test";
import {
  deleteCollector,
  getCollector,
  listCollectors,
  pauseCollector,
  putCollector,
  resumeCollector,
} from "../../src/api/collectors.ts";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { deleteRejected, listRejected, replayRejected } from "../../src/api/refused-messages.ts";
import { startMars } from "../support/mars.ts";
import { doors, type Json } from "./doors.ts";

/** Nothing listens there. */
const url = "nats://user:secret@127.0.0.1:65535";
const orders = { id: "orders", stream: "orders" };
const certificate = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----";
const key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----";
const hidden = "nats://user:(hidden)@127.0.0.1:65535";

const steps: readonly (readonly [operation: Operation, input: Json])[] = [
  [listCollectors, {}],
  [putCollector, { ...orders, url }],
  [pauseCollector, { id: "orders" }],
  [putCollector, { ...orders, url, app_id: "shop", dead_letter: "dead", credentials: "SUA…" }],
  [putCollector, { ...orders, url: hidden, app_id: "shop", credentials: "(hidden)" }],
  [putCollector, { ...orders, url: hidden.replace("65535", "65534") }],
  [putCollector, { id: "orders", url: `${url}?stream=orders`, consumer: "own", tls_ca: "no PEM" }],
  [putCollector, { ...orders, url, tls_cert: certificate }],
  [putCollector, { ...orders, url, tls_cert: certificate, tls_key: key }],
  [putCollector, { ...orders, url: hidden, tls_cert: certificate, tls_key: "(hidden)" }],
  [putCollector, { id: "orders", url, stream: "" }],
  [putCollector, { ...orders, url, source: "github" }],
  [putCollector, { ...orders, url, source: "github", app_id: "shop" }],
  [putCollector, { ...orders, url, source: "git/hub" }],
  [putCollector, { id: "orders", url: "kafka9://127.0.0.1" }],
  [putCollector, { id: "a b", url, stream: "orders" }],
  [putCollector, { id: "orders" }],
  [getCollector, { id: "orders" }],
  [getCollector, { id: "none" }],
  [listCollectors, {}],
  [pauseCollector, { id: "none" }],
  [listRejected, { id: "orders" }],
  [listRejected, { id: "orders", limit: 101 }],
  [listRejected, { id: "orders", cursor: "x" }],
  [listRejected, { id: "none" }],
  [replayRejected, { id: "orders" }],
  [replayRejected, { id: "orders", message: 1 }],
  [replayRejected, { id: "none" }],
  [deleteRejected, { id: "orders", message: 1 }],
  [deleteRejected, { id: "orders" }],
  [deleteRejected, { id: "none" }],
  [resumeCollector, { id: "none" }],
  [resumeCollector, { id: "orders" }],
  [deleteCollector, { id: "orders" }],
  [deleteCollector, { id: "orders" }],
];

/** Members that differ from one moment to the next. */
const passing: ReadonlySet<string> = new Set(["success", "state_ms", "last_error", "connects"]);

function alike(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !passing.has(name));
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      name === "state" && member === "lost" ? "starting" : alike(member),
    ]),
  );
}

interface Talk {
  readonly door: string;
  readonly outcomes: readonly { readonly asked: string; readonly outcome: unknown }[];
}

let talks: readonly Talk[];

beforeAll(async () => {
  talks = await Promise.all(
    doors.map(async ({ name, open }) => {
      await using mars = await startMars();
      const call = open(mars);
      const outcomes: { asked: string; outcome: unknown }[] = [];
      for (const [operation, input] of steps) {
        const asked = `${operation.name} ${JSON.stringify(input)}`;
        outcomes.push({ asked, outcome: alike(await call(operation, input)) });
      }
      return { door: name, outcomes };
    }),
  );
}, 60_000);

test("each operation has answered, and has refused", () => {
  const asked = (operation: Operation) =>
    talks[0]!.outcomes.filter(({ asked }) => asked.startsWith(`${operation.name} `));
  for (const operation of operations.filter(({ rpc }) => rpc.includes("CollectorService"))) {
    const answers = asked(operation).filter(({ outcome }) => "answer" in (outcome as object));
    expect([operation.name, answers.length > 0]).toEqual([operation.name, true]);
    const refuses = operation !== listCollectors;
    expect([operation.name, answers.length < asked(operation).length]).toEqual([operation.name, refuses]);
  }
});

test("faults are named by their fields, and no answer has a secret", () => {
  const faults = talks[0]!.outcomes.flatMap(({ outcome }) => {
    const { code, fields = [] } = outcome as { code?: number; fields?: string[] };
    return code === 3 ? [fields.join(" ")] : [];
  });
  expect(faults).toEqual([
    "url",
    "tls_ca",
    "tls_key",
    "stream",
    "app_id",
    "source",
    "url",
    "id",
    "url",
    "limit",
    "cursor",
  ]);
  expect(JSON.stringify(talks)).toContain(hidden);
  expect(JSON.stringify(talks.map(({ outcomes }) => outcomes.map(({ outcome }) => outcome)))).not.toMatch(
    /user:secret|SUA|PRIVATE/,
  );
});

describe.each(doors.slice(1).map(({ name }) => name))("over %s", (door) => {
  test("all answers are those of REST", () => {
    const over = talks.find((talk) => talk.door === door);
    for (const [index, outcome] of talks[0]!.outcomes.entries())
      expect(over?.outcomes[index] as unknown).toEqual(outcome);
  });
});
