/** Events into Mars and out of it again, by commands in a pipe. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandOptions, command, runCommand } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson } from "../support/rest.ts";

const home = mkdtempSync(join(tmpdir(), "mars-send-"));
let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
});

afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

type Options = Partial<Pick<CommandOptions, "env" | "stdin">>;

function run(args: readonly string[], { env = {}, ...options }: Options = {}) {
  return runCommand(args, { cwd: home, env: { MARS_URL: mars.url, ...env }, ...options });
}

async function eventsOf(app: string, message: string, minSeq: number) {
  const path = `/api/apps/${app}/messages/${message}?min_seq=${minSeq}`;
  return (await getJson<{ events: { duplicates: number }[] }>(`${mars.url}${path}`)).events;
}

test("one event is sent by flags or as JSON, and has an id for repeats", async () => {
  const flags = ["--app", "one", "--message", "m", "--event", "paid", "--attributes", "total=12.5,zip=007"];
  const [first, second] = [
    await run(["send", ...flags]),
    await run(["send", '{"app_id":"one","message_id":"m","event":"sent",\n"event_id":"e-1"}']),
  ];
  expect([first.stderr, first.exitCode, second.stderr, second.exitCode]).toEqual(["", 0, "", 0]);
  const { seq, run: name, ...counts } = JSON.parse(first.stdout);
  expect(counts).toEqual({ success: true, accepted: 1, rejected: 0 });
  expect(await eventsOf("one", "m", JSON.parse(second.stdout).seq)).toMatchObject([
    { event: "paid", seq, event_id: `${name}-1`, attributes: { total: 12.5, zip: "007" } },
    { event: "sent", event_id: "e-1" },
  ]);
});

test("of many events those that are refused are named by their lines, and the others are stored", async () => {
  const good = (id: string) => `{"app_id":"many","message_id":"${id}","event":"a"}\n`;
  const long = `{"app_id":"${"x".repeat(600_000)}"}\n`;
  const stdin = `${good("1")}no JSON\n\n${good("2")}{"message_id":"3"}\n${long}${good("4").trimEnd()}`;
  const { stdout, stderr, exitCode } = await run(["send"], { stdin });
  expect(JSON.parse(stdout)).toMatchObject({ success: false, accepted: 3, rejected: 3 });
  expect(stderr.trimEnd().split("\n").sort()).toEqual([
    "mars: line 2: is not a JSON object",
    "mars: line 5: app_id is required; event is required",
    "mars: line 6: must be at most 524288 bytes",
  ]);
  expect(exitCode).toBe(1);
});

test("a call that was refused, or whose answer was lost, is made again and doubles nothing", async () => {
  let calls = 0;
  await using proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, server) {
      calls++;
      if (calls === 1) return new Response("{}", { status: 503, headers: { "retry-after": "0" } });
      const answer = await fetch(`${mars.url}${new URL(request.url).pathname}`, {
        method: request.method,
        headers: request.headers,
        body: await request.arrayBuffer(),
      });
      // Stored, and the connection breaks before the answer.
      if (calls === 2) server.stop(true);
      return answer;
    },
  });
  const { port = 0 } = proxy;
  const lines = Array.from({ length: 50 }, (_, i) => ({ app_id: "again", message_id: "m", event: `e${i}` }));
  const sending = run(["send"], {
    env: { MARS_URL: `http://127.0.0.1:${port}` },
    stdin: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  });
  // A server at the same address as soon as the first is gone.
  while (calls < 2) await Bun.sleep(5);
  let next: ReturnType<typeof Bun.serve> | undefined;
  while (next === undefined) {
    try {
      next = Bun.serve({
        port,
        hostname: "127.0.0.1",
        fetch: async (request) =>
          fetch(`${mars.url}${new URL(request.url).pathname}`, {
            method: request.method,
            headers: request.headers,
            body: await request.arrayBuffer(),
          }),
      });
    } catch {
      // The port is not free yet.
      await Bun.sleep(5);
    }
  }
  const { stdout, exitCode } = await sending;
  await next.stop(true);
  const { seq, ...counts } = JSON.parse(stdout);
  expect([counts, exitCode]).toMatchObject([{ accepted: 50, rejected: 0 }, 0]);
  const events = await eventsOf("again", "m", seq);
  expect(events).toHaveLength(50);
  expect(events.every(({ duplicates }) => duplicates === 1)).toBe(true);
});

test("a command that Ctrl-C has ended is repeated with its run, and doubles nothing", async () => {
  const child = Bun.spawn(command(["send"]), {
    cwd: home,
    env: { PATH: process.env.PATH ?? "", MARS_URL: mars.url },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const line = '{"app_id":"cut","message_id":"m","event":"a"}\n';
  child.stdin.write(line);
  child.stdin.flush();
  while ((await fetch(`${mars.url}/api/apps/cut/messages/m`)).status !== 200) await Bun.sleep(10);
  child.kill("SIGINT");
  expect(await child.exited).toBe(130);
  const stderr = await child.stderr.text();
  const [, name = ""] = /^mars: 1 events are on disk\. .* with --run (\w+);/.exec(stderr) ?? [];
  const again = await run(["send", "--run", name], { stdin: line + line.replace('"a"', '"b"') });
  const events = await eventsOf("cut", "m", JSON.parse(again.stdout).seq);
  expect(events).toMatchObject([{ event: "a", duplicates: 1 }, { event: "b" }]);
});

test("what is exported and imported again gives equal messages", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const times = (minute: number) => ({ created_at: `2026-01-31T12:0${minute}:00.123456Z` });
  const story = (app_id: string) => [
    { app_id, message_id: "a/b", event: "created", ...times(1), external_id: "SAP-1" },
    { app_id, message_id: "a/b", event: "paid", ...times(2), event_id: "p", attributes: { ü: [1, null] } },
    { app_id, message_id: "a/b", event: "paid", ...times(2), attributes: { total: 1 } },
    { app_id, message_id: "part", event: "created", ...times(3), parent_id: "a/b", traceparent },
  ];
  // More than one page of events.
  const many = Array.from({ length: 600 }, (_, i) => ({
    app_id: "from",
    message_id: "long",
    event: `e${i}`,
    ...times(4),
  }));
  const stdin = [...story("from"), ...many].map((event) => `${JSON.stringify(event)}\n`).join("");
  const sent = await run(["import"], { stdin });
  const minSeq = String(JSON.parse(sent.stdout).seq);
  const exported = await run(["export", "--app", "from", "--min-seq", minSeq]);
  expect([exported.stderr, exported.exitCode]).toEqual([endOf(604, minSeq), 0]);
  expect(exported.stdout.split("\n")).toHaveLength(605);
  writeFileSync(join(home, "events.ndjson"), exported.stdout.replaceAll('"from"', '"to"'));
  const imported = await run(["import", "events.ndjson"]);
  expect(JSON.parse(imported.stdout)).toMatchObject({ accepted: 604, rejected: 0 });
  const { seq } = JSON.parse(imported.stdout);
  const strip = (text: string) => text.replaceAll(/"(received_at|seq|as_of_seq|app_id)":("[^"]*"|\d+)/g, "");
  for (const id of ["a%2Fb", "part", "long"]) {
    const [from, to] = await Promise.all(
      ["from", "to"].map(async (app) =>
        (await fetch(`${mars.url}/api/apps/${app}/messages/${id}?min_seq=${seq}`)).text(),
      ),
    );
    expect(strip(to ?? "")).toBe(strip(from ?? ""));
  }
  // Once more changes nothing.
  const again = await run(["export", "--app", "to", "--min-seq", String(seq)]);
  expect(again.stdout.replaceAll('"to"', '"from"')).toBe(exported.stdout);
});

/** What an export says at its end. */
function endOf(events: number, seq: string | number): string {
  return `mars: ${events} events, up to seq ${seq}: --since-seq ${seq} goes on\n`;
}

test("an export goes on where the one before it ended, without a gap or a repeat", async () => {
  const send = async (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, n) => from + n);
    // Some belong to messages that an earlier export has, some to new ones; and another app reports too.
    const lines = ids.flatMap((n) => [
      { app_id: "on", message_id: `m-${n % 1_500}`, event: `e-${n}`, event_id: `${n}` },
      { app_id: "beside", message_id: `m-${n}`, event: "e" },
    ]);
    const stdin = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    return String(JSON.parse((await run(["import"], { stdin })).stdout).seq);
  };
  const exported: string[] = [];
  const exportOn = async (minSeq: string, since: readonly string[]) => {
    const { stdout, stderr } = await run(["export", "--app", "on", "--min-seq", minSeq, ...since]);
    exported.push(...stdout.trimEnd().split("\n"));
    return /--since-seq (\d+) goes on/.exec(stderr)?.[1] ?? "none";
  };
  const first = await exportOn(await send(0, 1_000), []);
  const second = await exportOn(await send(1_000, 3_500), ["--since-seq", first]);
  const third = await exportOn(await send(3_500, 3_600), ["--since-seq", second]);
  const names = exported.map((line) => JSON.parse(line).event_id);
  expect([names.length, new Set(names).size]).toEqual([3_600, 3_600]);
  const nothing = await run(["export", "--app", "on", "--since-seq", third]);
  expect([nothing.stdout, nothing.stderr]).toEqual(["", endOf(0, third)]);
  const beside = await run(["export", "--app", "on", "--since-seq", third, "--event", "e-1"]);
  expect([beside.exitCode, beside.stderr]).toEqual([1, expect.stringContaining("since_seq")]);
});

test("--fail ends with 1 where there is something in the answer", async () => {
  const lifecycle = {
    stages: [{ event: "created" }, { event: "paid", within: "1s" }],
    complete_on: ["paid"],
  };
  writeFileSync(join(home, "lifecycle.json"), JSON.stringify(lifecycle));
  await run(["lifecycle", "put", "late", "-f", "lifecycle.json"]);
  const none = await run(["stuck", "--app", "late", "--fail"]);
  const past = ["--created-at", "2026-01-31T12:00:00Z"];
  await run(["send", "--app", "late", "--message", "m", "--event", "created", ...past]);
  const overdue = () => getJson<{ overdue: object[] }>(`${mars.url}/api/overdue?app_id=late`);
  while ((await overdue()).overdue.length === 0) await Bun.sleep(20);
  const some = await run(["stuck", "--app", "late", "--fail"]);
  expect([none.exitCode, some.exitCode, some.stderr]).toEqual([0, 1, ""]);
  expect(JSON.parse(some.stdout).overdue).toMatchObject([{ message_id: "m" }]);
});

test("a Mars that stays away ends it with 1, and wrong usage with 2", async () => {
  const away = { env: { MARS_URL: "http://127.0.0.1:1" } };
  const event = '{"app_id":"a","message_id":"m","event":"e"}';
  const cases = [
    [
      ["send", event, "--retry-for", "0s"],
      1,
      /^mars: cannot reach .*: nothing listens there.*\nmars: not sent/,
    ],
    [["send", event, "--app", "a"], 2, /^mars: give the event as JSON or its flags, not both\n/],
    [["send", "events.ndjson"], 2, /^mars: the event must be a JSON object; of a file give --file\n/],
    [["send", "-f", "none"], 2, /^mars: cannot read the events: ENOENT/],
    [["send", "--retry-for", "soon"], 2, /^mars: --retry-for must be a duration such as 30s, is soon\n/],
    [["import", "a", "b"], 2, /^mars: unexpected argument b\n/],
  ] as const;
  await Promise.all(
    cases.map(async ([args, exitCode, stderr]) => {
      const ended = await run(args, away);
      expect([args, ended.exitCode, ended.stdout]).toEqual([args, exitCode, ""]);
      expect(ended.stderr).toMatch(stderr);
    }),
  );
});
