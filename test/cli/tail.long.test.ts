/** `mars tail`: a topic on a terminal and in a pipe, over restarts of Mars. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { command, runCommand, runOnTerminal } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";

let mars: TestMars;
let last = 0;

beforeAll(async () => {
  mars = await startMars();
  last = await sendBulk(mars.url, [
    { app_id: "shop", message_id: "order-1", event: "created", attributes: { region: "eu" } },
    { app_id: "shop", message_id: "order-2", event: "created", attributes: { region: "us" } },
    { app_id: "shop", message_id: "order-1", event: "paid", attributes: { region: "eu", by: "\u001b[2J" } },
    { app_id: "other", message_id: "order-1", event: "created" },
  ]);
  await getJson(`${mars.url}/api/messages?min_seq=${last}`);
});

afterAll(() => mars[Symbol.asyncDispose]());

const options = (env = {}) => ({ cwd: "/", env: { MARS_URL: mars.url, ...env } });
const linesOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a pipe gets what the filter chooses, a JSON object a line", async () => {
  const from = ["--after", "0", "--limit"];
  const [all, app, event, eu, prefix] = await Promise.all([
    runCommand(["tail", ...from, "4"], options()),
    runCommand(["tail", ...from, "3", "--filter", "app=shop"], options()),
    runCommand(["tail", "apps/shop", ...from, "1", "--filter", "event=paid"], options()),
    runCommand(["tail", ...from, "2", "--filter", "attributes.region=eu"], options()),
    runCommand(["tail", ...from, "1", "--filter", "prefix=order-2"], options()),
  ]);
  expect(all).toMatchObject({ stderr: "", exitCode: 0 });
  expect(linesOf(all.stdout).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(linesOf(app.stdout).map(({ app_id }) => app_id)).toEqual(["shop", "shop", "shop"]);
  expect(linesOf(event.stdout)).toMatchObject([{ seq: 3, message_id: "order-1", event: "paid" }]);
  expect(linesOf(eu.stdout).map(({ seq }) => seq)).toEqual([1, 3]);
  expect(linesOf(prefix.stdout).map(({ seq }) => seq)).toEqual([2]);
});

test("a terminal gets coloured lines that fit, and of strangers' texts nothing that it acts upon", async () => {
  const args = ["tail", "apps/shop", "--after", "0", "--limit", "3"];
  const [coloured, plain] = await Promise.all([
    runOnTerminal(80, args, options()),
    runOnTerminal(60, args, options({ NO_COLOR: "1" })),
  ]);
  expect(coloured.text).toContain("\u001b[1mpaid\u001b[0m");
  const lines = plain.text.trimEnd().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} {2}shop {2}order-1 {2}created {2}region=eu$/),
    expect.stringContaining("order-2"),
    expect.stringMatching(/order-1 {2}paid {2}by=\\u001b\[2J region=e?/),
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
});

test("over a restart of Mars nothing is missing and nothing comes twice", async () => {
  const child = Bun.spawn(command(["tail", "--after", String(last), "--limit", "40"]), {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "", MARS_URL: mars.url },
    stdout: "pipe",
    stderr: "pipe",
  });
  let out = "";
  const half = Promise.withResolvers<void>();
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      out += decoder.decode(chunk, { stream: true });
      if (out.includes('"m19"')) half.resolve();
    }
  })();
  const some = (from: number) =>
    Array.from({ length: 20 }, (_, i) => ({ app_id: "again", message_id: `m${from + i}`, event: "e" }));
  await sendBulk(mars.url, some(0));
  await half.promise;
  mars = await mars.restart({ httpPort: mars.httpPort });
  await sendBulk(mars.url, some(20));
  expect(await child.exited).toBe(0);
  await reading;
  expect(linesOf(out).map(({ message_id }) => message_id)).toEqual(
    Array.from({ length: 40 }, (_, i) => `m${i}`),
  );
  expect(await child.stderr.text()).toMatch(/^mars: .*; connecting again\nmars: connected again\n$/);
}, 20_000);

test("findings are followed, too; Ctrl-C ends it", async () => {
  await fetch(`${mars.url}/api/apps/late/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      stages: [{ event: "created" }, { event: "paid", within: "1s" }],
      complete_on: ["paid"],
    }),
  });
  const created_at = "2026-01-31T12:00:00Z";
  await sendBulk(mars.url, [{ app_id: "late", message_id: "m", event: "created", created_at }]);
  const child = Bun.spawn(command(["tail", "findings", "--after", "0"]), {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "", MARS_URL: mars.url },
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  expect(JSON.parse(new TextDecoder().decode(value))).toMatchObject({ app_id: "late", kind: "missing" });
  child.kill("SIGINT");
  expect(await child.exited).toBe(130);
});

test("what cannot be followed ends with 1, wrong usage with 2, and both say why", async () => {
  const cases = [
    [["tail", "nothing/at/all"], 1, /^mars: .*topic.*\(4\d\d\)/],
    [
      ["tail", "--url", "http://127.0.0.1:1"],
      1,
      /^mars: cannot reach http:\/\/127\.0\.0\.1:1: nothing listens/,
    ],
    [["tail", "--filter", "evnt=paid"], 2, /^mars: --filter has no evnt: did you mean event\?\n/],
    [["tail", "--after", "x"], 2, /^mars: --after must be a seq/],
    [["tail", "--limit", "0"], 2, /^mars: --limit must be/],
  ] as const;
  await Promise.all(
    cases.map(async ([args, exitCode, stderr]) => {
      const ended = await runCommand(args, options());
      expect([args, ended.exitCode, ended.stdout]).toEqual([args, exitCode, ""]);
      expect(ended.stderr).toMatch(stderr);
    }),
  );
});
