/**
 * Makes what `upgrade.long.test.ts` starts from, by the binary of a release: its data directory after a kill -9 while the journal was half
 * stored, and what it answered just before.
 *
 *     bun test/upgrade/make.ts BINARY NAME
 *
 * Writes `NAME.tar.gz` beside this file. Needs `sqlite3` and `tar`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../scripts/release/command.ts";
import { spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

/** Until findings and an incident are there. */
const slowMs = 60_000;
const [binary = "", name = ""] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "mars-upgrade-"));
const hook = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
const mars = await spawnMars({
  dataDir: join(work, "data"),
  command: [resolve(binary)],
  env: { MARS_START_GRACE: "off", MARS_ALERT_ALLOW: "127.0.0.1", MARS_RETENTION: "off" },
});

try {
  await call("PUT", "/api/apps/shop/lifecycle", {
    stages: [
      { event: "created" },
      { event: "paid", after: "created", within: "1s" },
      { event: "shipped", after: "paid", within: "30d" },
    ],
    complete_on: ["shipped"],
    fail_on: ["cancelled"],
  });
  await call("PUT", "/api/alerts/sinks/ops", { type: "webhook", url: `http://127.0.0.1:${hook.port}/` });
  const rule = { app_id: "shop", kinds: ["missing"], at_least: 2, window: "5m", sinks: ["ops"] };
  await call("PUT", "/api/alerts/rules/stuck", rule);
  // 0 to 14 are complete, 15 to 21 paid, 22 to 28 wait for it, and 29 has failed.
  await send([
    ...orders(0, 30, "created", (n) => ({ attributes: { total: n + 0.5 }, external_id: `SAP-${n}` })),
    ...orders(0, 22, "paid"),
    ...orders(0, 15, "shipped", () => ({ attributes: { carrier: "ü-post 📦" } })),
    ...orders(29, 30, "cancelled"),
  ]);
  const repeat = {
    app_id: "clicks",
    message_id: "c-1",
    event: "click",
    created_at: "2026-11-26T12:00:00.123456Z",
  };
  await send([repeat, repeat]);
  await until(
    async () => (await call("GET", "/api/findings?app_id=shop")).findings.length === 8,
    () => "the findings",
    slowMs,
  );
  await until(
    async () => (await call("GET", "/api/alerts/incidents")).incidents.length === 1,
    () => "the incident",
    slowMs,
  );
  const answers: Record<string, unknown> = {};
  for (const path of [
    "/api/messages?app_id=shop&limit=1000",
    ...["shop/messages/order-0", "shop/messages/order-29", "clicks/messages/c-1"].map(
      (id) => `/api/apps/${id}`,
    ),
    "/api/findings?app_id=shop",
    "/api/apps/shop/lifecycle",
    "/api/alerts/rules",
    "/api/alerts/sinks",
  ])
    answers[path] = await call("GET", path);

  // Another writer holds the database, so what is accepted from here on stays in the journal.
  const writer = spawn("sqlite3", [join(work, "data/messages.db")], { stdio: ["pipe", "pipe", "inherit"] });
  writer.stdin.write(".timeout 10000\nBEGIN IMMEDIATE;\nSELECT 'held';\n");
  await once(writer.stdout, "data");
  const { seq } = await send([
    ...orders(30, 40, "created"),
    ...orders(15, 22, "shipped"),
    ...orders(25, 26, "paid"),
  ]);
  await mars.kill("SIGKILL");
  writer.kill("SIGKILL");
  writeFileSync(join(work, "answers.json"), JSON.stringify({ seq, answers }));
  run(["tar", "-czf", join(import.meta.dir, `${name}.tar.gz`), "-C", work, "data", "answers.json"]);
} finally {
  await mars.kill("SIGKILL");
  await hook.stop(true);
  rmSync(work, { recursive: true, force: true });
}

function orders(from: number, to: number, event: string, more: (n: number) => object = () => ({})) {
  return Array.from({ length: to - from }, (_, n) => ({
    app_id: "shop",
    message_id: `order-${from + n}`,
    event,
    event_id: `${event}-${from + n}`,
    created_at: new Date().toISOString(),
    ...more(from + n),
  }));
}

function send(events: readonly unknown[]): Promise<{ seq: number }> {
  return call("POST", "/api/event/bulk", { events });
}

// biome-ignore lint/suspicious/noExplicitAny: the answers of another version.
async function call(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(mars.url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}
