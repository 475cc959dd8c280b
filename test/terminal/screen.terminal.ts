/** `show`, `tail`, `stuck` and `send` at a real terminal. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { openWindow, programs, type Window } from "./tmux.ts";

const { directory, remove } = programs();
let mars: TestMars;
let window: Window;

beforeAll(async () => {
  mars = await startMars();
  await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      stages: [
        { event: "created" },
        { event: "paid", within: "1h" },
        { event: "sent", after: "paid", within: "1h" },
      ],
      complete_on: ["sent"],
    }),
  });
  await sendBulk(mars.url, [
    { app_id: "shop", message_id: "order-1", event: "created", created_at: "2026-01-31T12:00:00Z" },
    { app_id: "shop", message_id: "order-1", event: "paid", created_at: "2026-01-31T12:30:00Z" },
  ]);
  while ((await getJson<{ overdue: [] }>(`${mars.url}/api/overdue`)).overdue.length === 0)
    await Bun.sleep(20);
  window = await openWindow({ directory, command: "bash --norc", env: { MARS_URL: mars.url } });
  await window.type("PS1='ready> '; clear", "Enter");
  await window.when(/^ready>$/m);
});

afterAll(async () => {
  await window.close();
  await mars[Symbol.asyncDispose]();
  remove();
});

test("show draws the message, in colours", async () => {
  await window.type("clear; mars show order-1; echo code $?", "Enter");
  const screen = await window.when(/code 0/);
  expect(screen).toMatch(/^order-1 {2}shop {2}overdue$/m);
  expect(screen).toMatch(/^✓ paid +12:30:00 +30 min +█+ +│$/m);
  expect(screen).toMatch(/^✗ sent +was due 13:30:00 +missing \d+ d.* █*│█+$/m);
  expect(screen).toMatch(/^ +│ \+30 min$/m);
  expect(await window.when(/code 0/, { colours: true })).toContain("\u001b[31m");
});

test("stuck is a table, and --fail stops a script", async () => {
  await window.type("clear; mars stuck --fail && echo none; echo code $?", "Enter");
  const screen = await window.when(/code 1/);
  expect(screen).toMatch(/APP_ID +MESSAGE_ID/);
  expect(screen).toMatch(/OVERDUE_FOR/);
  expect(screen).toMatch(/shop +order-1 .*\d+ d/);
  expect(screen).not.toContain("\nnone");
});

test("tail shows what is sent meanwhile, until Ctrl-C", async () => {
  await window.type("clear; mars tail --filter app=live --after 2; echo code $?", "Enter");
  await sendBulk(mars.url, [
    { app_id: "live", message_id: "m-1", event: "began", attributes: { by: "test" } },
    { app_id: "dead", message_id: "m-2", event: "began" },
  ]);
  const screen = await window.when(/began/);
  expect(screen).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}live {2}m-1 {2}began {2}by=test$/m);
  expect(screen).not.toContain("m-2");
  await window.type("C-c");
  await window.when(/code 130/);
});

test("send shows how far it is, and ends with a sentence", async () => {
  const line = (i: number) => JSON.stringify({ app_id: "many", message_id: `m-${i}`, event: "e" });
  const lines = Array.from({ length: 100_000 }, (_, i) => `${line(i)}\n`).join("");
  writeFileSync(join(directory, "many.ndjson"), lines);
  await window.type("clear; mars send -f many.ndjson; echo code $?", "Enter");
  await window.when(/\d+ events, \d+\/s \[#* *\] \d+%/);
  const screen = await window.when(/code 0/);
  expect(screen).toMatch(/^100000 events are on disk, the last with seq \d+ \(\d+\.\d s\)$/m);
  expect(screen).not.toContain("%");
});
