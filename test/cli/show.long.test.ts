/** `mars show`: a message against what should have happened, on a terminal and in a pipe. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { runCommand, runOnTerminal } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";

const day = "2026-01-31";
const lifecycle = {
  stages: [
    { event: "created" },
    { event: "paid", within: "10s" },
    { event: "gift_wrapped", after: "paid", optional: true },
    { event: "packed", after: "paid", within: "2h" },
    { event: "sent", after: "packed", within: "1h" },
  ],
  complete_on: ["sent"],
};
let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
  await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(lifecycle),
  });
  const at = (time: string) => ({ created_at: `${day}T${time}Z` });
  const order = { app_id: "shop", message_id: "order-1", external_id: "SAP-1" };
  const seq = await sendBulk(mars.url, [
    { ...order, event: "created", ...at("12:00:00"), attributes: { region: "eu\u001b[31m" } },
    { ...order, event: "paid", ...at("12:00:20") },
    { ...order, event: "packed", ...at("12:40:20") },
    { app_id: "other", message_id: "order-1", event: "seen" },
    { app_id: "other", message_id: "alone", event: "seen", ...at("12:00:00") },
    { app_id: "shop", message_id: "new", event: "created" },
  ]);
  await getJson(`${mars.url}/api/findings?min_seq=${seq}`);
  while ((await getJson<{ overdue: [] }>(`${mars.url}/api/overdue`)).overdue.length === 0)
    await Bun.sleep(20);
});

afterAll(() => mars[Symbol.asyncDispose]());

const options = () => ({ cwd: "/", env: { MARS_URL: mars.url, NO_COLOR: "1" } });

test("a terminal shows stages to scale, what is missing, and the events with the time between them", async () => {
  const { text, exitCode } = await runOnTerminal(90, ["show", "shop", "order-1"], options());
  expect(exitCode).toBe(0);
  const lines = text.split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "order-1  shop  overdue",
    "also known as SAP-1",
    expect.stringMatching(/^sent has not come\. packed was \d+ d.* ago; it may take 1 h\./),
  ]);
  expect(text.replaceAll("\n", " ")).toContain(`Due ${day} 13:40:20, `);
  const row = (mark: string, name: string) => lines.find((line) => line.startsWith(`${mark} ${name}`));
  expect(row("✓", "created")).toMatch(/12:00:00$/);
  // Twice as long as it may take: the deadline is in the middle of the bar.
  expect(row("✓", "paid")).toMatch(/12:00:20 +20 s, late +(█+)│(█+)$/);
  expect(row("✓", "packed")).toMatch(/12:40:20 +40 min +█+ +│$/);
  expect(row("…", "gift_wrapped")).toMatch(/optional$/);
  expect(row("✗", "sent")).toMatch(/was due 13:40:20 +missing \d+ d/);
  const events = lines.slice(lines.indexOf("3 events") + 1);
  expect(events.filter((line) => !/^ +│$/.test(line))).toEqual([
    day,
    expect.stringMatching(/^12:00:00\.000 {2}created {2}region=eu\\u001b\[31m external id SAP-1/),
    `${" ".repeat(14)}│ +20 s`,
    expect.stringMatching(/^12:00:20\.000 {2}paid/),
    `${" ".repeat(14)}│ +40 min`,
    expect.stringMatching(/^12:40:20\.000 {2}packed/),
    "",
  ]);
  // The longer gap has more lines.
  const height = (from: number) => events.findIndex((line, at) => at > from && /^\d\d:/.test(line)) - from;
  const [first, second] = [1, 1 + height(1)];
  expect(height(second)).toBeGreaterThan(height(first));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90);
});

test("an id alone is searched in all apps, by the message's own or another name", async () => {
  const [byName, alone, several, none] = await Promise.all([
    runCommand(["show", "SAP-1"], options()),
    runCommand(["show", "alone"], options()),
    runCommand(["show", "order-1"], options()),
    runCommand(["show", "nothing"], options()),
  ]);
  const direct = await fetch(`${mars.url}/api/apps/shop/messages/order-1`);
  expect(JSON.parse(byName.stdout).events).toEqual(((await direct.json()) as { events: object[] }).events);
  expect(JSON.parse(alone.stdout)).toMatchObject({ app_id: "other", message_id: "alone" });
  expect(
    JSON.parse(several.stdout)
      .messages.map(({ app_id }: { app_id: string }) => app_id)
      .sort(),
  ).toEqual(["other", "shop"]);
  expect([several.stderr, several.exitCode]).toEqual([
    "mars: 2 messages have this id: give the app too\n",
    1,
  ]);
  expect(none).toEqual({
    stdout: "",
    stderr: "mars: no message has the id nothing, or is known by it\n",
    exitCode: 1,
  });
});

test("a message without a lifecycle has its events, and one on a narrow terminal no bars", async () => {
  const [plain, narrow] = await Promise.all([
    runOnTerminal(80, ["show", "alone"], options()),
    runOnTerminal(40, ["show", "new"], options()),
  ]);
  expect(plain.text).toMatch(/^alone {2}other {2}untracked\nNo lifecycle says .*\n\n1 event\n/);
  expect(narrow.text).toMatch(/^new {2}shop {2}(open|overdue)\n/);
  expect(narrow.text).not.toContain("█");
});

test("wrong usage ends with 2", async () => {
  const [none, many, dots] = await Promise.all([
    runCommand(["show"], options()),
    runCommand(["show", "a", "b", "c"], options()),
    runCommand(["show", "a", ".."], options()),
  ]);
  expect([none.exitCode, many.exitCode, dots.exitCode]).toEqual([2, 2, 2]);
  expect(none.stderr).toStartWith("mars: <message-id> is missing\n");
  expect(many.stderr).toStartWith("mars: unexpected argument");
  expect(dots.stderr).toStartWith("mars: an id cannot be .., which paths of URLs lose\n");
});
