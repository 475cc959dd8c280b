import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { Denials, type DeniedCall } from "../../src/edge/denials.ts";
import { createLog } from "../../src/runtime/log.ts";
import { adminKey, bearer, call } from "../access/doors.ts";
import { startMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { failure, rpcClients, transports } from "./rpc/clients.ts";

type Line = Readonly<Record<string, unknown>>;

test("a caller's denials of one action are one line a minute, with their number", () => {
  const lines: Line[] = [];
  let now = 0;
  const denials = new Denials({ warn: (_, fields) => lines.push(fields ?? {}) }, () => now);
  const denied = new MarsError("permission_denied", "no");
  const by = (address: string): DeniedCall => ({ action: "putLifecycle", address, protocol: "rest" });
  for (let n = 0; n < 5; n++) denials.note(denied, () => by("a"));
  denials.note(new MarsError("not_found", "no"), () => by("a"));
  denials.note(new Error("no"), () => by("a"));
  denials.note(new MarsError("unauthenticated", "no"), () => by("b"));
  now = 60_000;
  denials.note(denied, () => by("a"));
  expect(lines.map(({ address, code, count }) => [address, code, count])).toEqual([
    ["a", "permission_denied", 1],
    ["b", "unauthenticated", 1],
    ["a", "permission_denied", 5],
  ]);
  expect(denials.stats).toEqual({ unauthenticated: 1, permission_denied: 6 });
});

test("callers beyond the bound are forgotten, not collected", () => {
  let lines = 0;
  const denials = new Denials({ warn: () => (lines += 1) });
  const denied = new MarsError("unauthenticated", "no");
  const by = (address: number) => () =>
    ({ action: "x", address: String(address), protocol: "rest" }) as const;
  for (let n = 0; n <= 1_000; n++) denials.note(denied, by(n));
  denials.note(denied, by(1_000));
  expect(lines).toBe(1_001);
  denials.note(denied, by(0));
  expect(lines).toBe(1_002);
});

test("every protocol logs who was denied what, and from where", async () => {
  const lines: Line[] = [];
  const log = createLog("warn", (line) => lines.push(JSON.parse(line)));
  await using mars = await startMars({ adminKey }, log);
  const wanted = { kind: "ro", apps: ["shop"], name: "reader" };
  const { body } = await call(mars, "POST /api/keys", adminKey, wanted);
  const token = String(body.token);
  const json = { "content-type": "application/json" };
  const rpc = (method: string, headers: Record<string, string>) =>
    fetch(`${mars.url}/${method}`, { method: "POST", headers: { ...json, ...headers }, body: "{}" });

  await call(mars, "PUT /api/apps/shop/lifecycle", token, {});
  await call(mars, "GET /api/audit", "no key");
  await call(mars, "POST /api/event", token, { app_id: "shop", message_id: "secret-id", event: "A" });
  await fetch(`${mars.url}/api/stream?topic=all`, { headers: bearer("mars_ro_wrong") });
  await rpc("mars.v1.AccessService/CreateKey", bearer(token));
  await rpc("mars.v1.IngestService/CollectEvent", bearer("no key"));
  const [[, open]] = transports.filter(([name]) => name === "gRPC") as [(typeof transports)[number]];
  const { ingest, lifecycles } = rpcClients(open(mars));
  await failure(ingest.collectEvent({}, { headers: bearer(token) }));
  await failure(ingest.collectEvents({}, { headers: bearer("no key") }));
  await failure(lifecycles.deleteLifecycle({}, { headers: bearer(token) }));
  const socket = new WebSocket(`${mars.url.replace("http", "ws")}/ws`, { headers: bearer("no key") });
  await new Promise((resolve) => socket.addEventListener("close", resolve));

  const who = `key:${body.id}`;
  // A busy machine has other warnings: that the process was paused.
  const denials = () => lines.filter(({ event }) => event === "access_denied");
  const seen = () =>
    denials().map(({ event, who, address, protocol, action, code }) => [
      event,
      who,
      address,
      protocol,
      action,
      code,
    ]);
  const all = [
    ["access_denied", who, "127.0.0.1", "rest", "putLifecycle", "permission_denied"],
    ["access_denied", "unknown", "127.0.0.1", "rest", "listAudit", "unauthenticated"],
    ["access_denied", who, "127.0.0.1", "rest", "POST /api/event", "permission_denied"],
    ["access_denied", "unknown", "127.0.0.1", "rest", "GET /api/stream", "unauthenticated"],
    ["access_denied", who, "127.0.0.1", "connect", "createKey", "permission_denied"],
    [
      "access_denied",
      "unknown",
      "127.0.0.1",
      "connect",
      "mars.v1.IngestService/CollectEvent",
      "unauthenticated",
    ],
    ["access_denied", who, "127.0.0.1", "grpc", "mars.v1.IngestService/CollectEvent", "permission_denied"],
    [
      "access_denied",
      "unknown",
      "127.0.0.1",
      "grpc",
      "mars.v1.IngestService/CollectEvents",
      "unauthenticated",
    ],
    ["access_denied", who, "127.0.0.1", "grpc", "deleteLifecycle", "permission_denied"],
    ["access_denied", "unknown", "127.0.0.1", "websocket", "connect", "unauthenticated"],
  ];
  await until(
    () => seen().length >= all.length,
    () => JSON.stringify(seen()),
  );
  expect(seen()).toEqual(all);
  expect(denials()[0]).toMatchObject({ message: "access denied", name: "reader", count: 1 });
  const text = JSON.stringify(lines);
  for (const secret of [token, "no key", "secret-id", "wrong"]) expect(text).not.toContain(secret);
  const { body: stats } = await call(mars, "GET /api/q/stats", adminKey);
  expect(stats.denied).toEqual({ unauthenticated: 5, permission_denied: 5 });
});
