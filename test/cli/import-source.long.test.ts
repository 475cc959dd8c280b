/** Payloads of a sender into Mars, mapped by a source, by commands in a pipe. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson } from "../support/rest.ts";

const home = mkdtempSync(join(tmpdir(), "mars-import-"));
let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
  await put("parcels", {
    app_id: "shop",
    verify: { scheme: "token", secret: "nobody knows" },
    each: "body.parcels",
    when: 'item.state != "draft"',
    message_id: "item.order",
    event: "item.state",
    event_id: "item.id",
    created_at: "item.at",
  });
  // Without an id and a time of its own.
  await put("plain", {
    app_id: "plain",
    verify: { scheme: "none" },
    message_id: "body.id",
    event: '"seen"',
    attributes: { text: "body.text" },
  });
  await put("strict", {
    app_id: "strict",
    verify: { scheme: "none" },
    each: "body",
    message_id: "item.id",
    event: '"seen"',
    otherwise: "reject",
  });
});

afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function put(id: string, definition: object): Promise<void> {
  const { status } = await fetch(`${mars.url}/api/sources/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(definition),
  });
  expect(status).toBe(200);
}

async function run(source: string, args: readonly string[], stdin = "") {
  const all = ["import", "--source", source, ...args];
  const { stdout, ...ended } = await runCommand(all, { cwd: home, env: { MARS_URL: mars.url }, stdin });
  return { ...ended, answer: stdout === "" ? undefined : JSON.parse(stdout) };
}

function file(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return name;
}

async function eventsOf(app: string, message: string, seq: number) {
  const path = `/api/apps/${app}/messages/${message}?min_seq=${seq}`;
  return (await getJson<{ events: Record<string, unknown>[] }>(`${mars.url}${path}`)).events;
}

const at = "2026-01-31T12:00:00Z";
const payload = (n: number, order = `o-${n % 500}`) =>
  JSON.stringify({
    parcels: [
      { id: `e-${n}`, order, state: "sent", at },
      { id: "x", state: "draft" },
    ],
  });

test("a file of lines is mapped and stored, faults are named by their lines, and a repeat changes nothing", async () => {
  const lines = Array.from({ length: 5_000 }, (_, n) => payload(n));
  lines[6] = "no JSON";
  lines[4_321] = JSON.stringify({ parcels: [{ id: "y", state: "sent", at }] });
  const name = file("parcels.ndjson", `${lines.join("\n")}\n`);
  const first = await run("parcels", [name]);
  expect(first.answer).toMatchObject({
    success: false,
    dry_run: false,
    accepted: 4_998,
    ignored: 4_998,
    rejected: 2,
  });
  expect(first.stderr.trimEnd().split("\n").sort()).toEqual([
    "mars: line 4322: message_id: item.order is not there",
    "mars: line 7: body is not valid JSON",
  ]);
  expect(first.exitCode).toBe(1);
  const stored = await eventsOf("shop", "o-1", first.answer.seq);
  expect(stored).toHaveLength(10);
  const again = await run("parcels", [name]);
  expect(again.answer).toMatchObject({ accepted: 4_998, rejected: 2 });
  const after = await eventsOf("shop", "o-1", again.answer.seq);
  expect(after.map(({ duplicates: _, ...event }) => event)).toEqual(
    stored.map(({ duplicates: _, ...event }) => event),
  );
}, 60_000);

test("the items of one array are payloads, in a file or a pipe, on one line or many", async () => {
  const items = [1, 2, 3].map((n) => ({ id: `m-${n}`, text: 'a [ "quoted\\" ] { text' }));
  const pretty = await run("plain", ["-"], `\ufeff${JSON.stringify(items, null, 2)}\n`);
  expect([pretty.stderr, pretty.exitCode]).toEqual(["", 0]);
  expect(pretty.answer).toMatchObject({ success: true, accepted: 3, ignored: 0, rejected: 0 });
  // What has neither an id nor a time is known by its text.
  for (const name of [
    file("one.json", JSON.stringify(items)),
    file("line.json", `${JSON.stringify(items)}\n`),
  ]) {
    expect((await run("plain", [name])).answer).toMatchObject({ accepted: 3 });
  }
  const { answer } = await run("plain", ["one.json"]);
  const events = await eventsOf("plain", "m-2", answer.seq);
  expect(events.map(({ attributes }) => attributes)).toEqual([
    { text: items[1]?.text },
    { text: items[1]?.text },
  ]);
  const faulty = await run("plain", ["-"], `[${JSON.stringify(items[0])}, {"text": 1}]`);
  expect(faulty.stderr).toBe("mars: item 2: message_id: body.id is not there\n");
  const cut = await run("plain", ["-"], '[{"id": "cut"},\n{"id":');
  expect([cut.stderr.split("\n")[0], cut.exitCode]).toEqual([
    "mars: cannot go on: the JSON array does not end",
    1,
  ]);
});

test("lists on lines of their own are payloads each, and one that its source rejects is refused whole", async () => {
  const stdin = '[{"id":"a"},{"id":"b"}]\n[{"id":"c"},{}]\n';
  const { answer, stderr, exitCode } = await run("strict", [], stdin);
  expect(answer).toMatchObject({ accepted: 2, rejected: 2 });
  expect(stderr).toBe(
    "mars: line 2: message_id: item.id is not there (item 1)\nmars: lines 1 to 2: 1 more were refused\n",
  );
  expect(exitCode).toBe(1);
});

test("a dry run shows what would come out and stores nothing", async () => {
  const stdin = `${payload(1, "dry")}\n${payload(2, "dry")}\n`;
  const { answer, exitCode } = await run("parcels", ["--dry-run"], stdin);
  expect(answer).toMatchObject({ dry_run: true, accepted: 2, ignored: 2, seq: null });
  expect(answer.events).toMatchObject([
    { app_id: "shop", message_id: "dry", event: "sent", event_id: "e-1", attributes: null },
    { event_id: "e-2" },
  ]);
  expect(exitCode).toBe(0);
  expect((await fetch(`${mars.url}/api/apps/shop/messages/dry`)).status).toBe(404);
});

test("payloads of many items go in several calls, and all of them are taken", async () => {
  const many = (from: number) =>
    JSON.stringify(Array.from({ length: 1_500 }, (_, n) => ({ id: `many-${from + n}` })));
  const stdin = [0, 1_500, 3_000].map((from) => `${many(from)}\n`).join("");
  const { answer } = await run("strict", [], stdin);
  expect(answer).toMatchObject({ accepted: 4_500, rejected: 0 });
});

test("a source that is not there ends it, and flags that do not go together are refused", async () => {
  const { stderr, exitCode } = await run("none", [], "{}\n");
  expect([stderr.split("\n")[0], exitCode]).toEqual(["mars: there is no source with this id (404)", 1]);
  expect((await run("plain", ["--run", "x"], "{}\n")).exitCode).toBe(2);
});
