/** The commands as a user runs them: a process with a pipe or a terminal, against a Mars. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { openScreens } from "../../src/cli/open.ts";
import { type CommandOptions, runCommand, runOnTerminal } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const home = mkdtempSync(join(tmpdir(), "mars-cli-"));
const lifecycle = { stages: [{ event: "created" }, { event: "paid", within: "1h" }], complete_on: ["paid"] };
let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
  const ids = ["order-1", "order-2", "order-3"];
  await sendBulk(
    mars.url,
    ids.map((message_id) => ({ app_id: "shop", message_id, event: "created" })),
  );
  await getJson(`${mars.url}/api/messages?min_seq=3`);
});

afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

type Options = Partial<Pick<CommandOptions, "env" | "stdin">>;

function run(args: readonly string[], { env = {}, ...options }: Options = {}) {
  return runCommand(args, { cwd: home, env: { MARS_URL: mars.url, ...env }, ...options });
}

/** @returns what is on the terminal */
async function onTerminal(cols: number, args: readonly string[], env: Options["env"] = {}): Promise<string> {
  const { text, exitCode } = await runOnTerminal(cols, args, {
    cwd: home,
    env: { MARS_URL: mars.url, ...env },
  });
  expect(exitCode).toBe(0);
  return text;
}

describe("in a pipe", () => {
  test("a command prints the answer as Mars has sent it, in one line", async () => {
    const [listed, shown] = await Promise.all([
      run(["list", "--app", "shop", "--limit", "2"]),
      run(["show", "shop", "order-1"]),
    ]);
    const answer = await fetch(`${mars.url}/api/messages?app_id=shop&limit=2`);
    expect(listed).toEqual({ stdout: await answer.text(), stderr: "", exitCode: 0 });
    expect(JSON.parse(shown.stdout)).toMatchObject({ message_id: "order-1", events: [{ event: "created" }] });
  });

  test("--all follows the pages, and prints a row in each line", async () => {
    const { stdout, exitCode } = await run(["list", "--all", "--limit", "1", "--order", "oldest"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).message_id);
    expect([rows, exitCode]).toEqual([["order-1", "order-2", "order-3"], 0]);
  });

  test("a body comes from a file, from stdin, or from the answer to another command", async () => {
    writeFileSync(join(home, "lifecycle.json"), JSON.stringify(lifecycle));
    const put = await run(["lifecycle", "put", "a", "-f", "lifecycle.json"]);
    expect(JSON.parse(put.stdout)).toMatchObject({ success: true, lifecycle: { complete_on: ["paid"] } });
    const { stdout } = await run(["lifecycle", "get", "a"]);
    const copied = await run(["lifecycle", "put", "b", "-f", "-"], { stdin: stdout });
    expect(JSON.parse(copied.stdout).lifecycle).toEqual(JSON.parse(stdout).lifecycle);
    // Once more, by flags.
    const sink = ["alerts", "sinks", "put", "ops", "--type", "webhook", "--url", "https://8.8.8.8/x"];
    expect(JSON.parse((await run(sink)).stdout)).toMatchObject({ sink: { id: "ops", type: "webhook" } });
  });

  test("wrong usage ends with 2, a refusal with 1, and both say why on stderr", async () => {
    const cases = [
      [
        ["list", "--limt", "1"],
        2,
        "mars: unknown flag --limt: did you mean --limit?\nmars: see mars list --help\n",
      ],
      [["lst"], 2, "mars: unknown command lst: did you mean list?\nmars: see mars --help\n"],
      [["lifecycle", "put", "a", "-f", "none.json"], 2, /^mars: --file cannot be read: .*none\.json/],
      [["show", "shop", "nothing"], 1, "mars: no event of this message is stored (404)\n"],
      [["list", "--limit", "0"], 1, "mars: limit must be a whole number from 1 to 1000 (422)\n"],
      [
        ["list", "--limit", "0", "--order", "x"],
        1,
        /^mars: .*\nmars: {3}order must be one of .*\nmars: {3}limit must be .*\n$/,
      ],
      [
        ["list", "--url", "http://127.0.0.1:1"],
        1,
        /^mars: cannot reach http:\/\/127\.0\.0\.1:1: nothing listens there/,
      ],
    ] as const;
    const all = await Promise.all(cases.map(([args]) => run(args)));
    for (const [index, [args, exitCode, stderr]] of cases.entries()) {
      const ended = all[index]!;
      expect({ args, stdout: ended.stdout, exitCode: ended.exitCode }).toEqual({
        args,
        stdout: "",
        exitCode,
      });
      if (typeof stderr === "string") expect(ended.stderr).toBe(stderr);
      else expect(ended.stderr).toMatch(stderr);
    }
  });

  test("help goes to stdout, for a command, for a group and for all", async () => {
    const [one, same, group, all, behind] = await Promise.all(
      [
        ["show", "--help"],
        ["help", "show"],
        ["alerts", "-h"],
        ["--help"],
        ["--url", mars.url, "show", "--help"],
      ].map((args) => run(args)),
    );
    expect(one?.stdout).toContain("Usage: mars show [<app-id>] <message-id> [flags]");
    expect([same, behind]).toEqual([one!, one!]);
    expect(group?.stdout).toContain("  alerts sinks test  ");
    expect(all?.stdout).toContain("  lifecycle dry-run ");
    expect([one, group, all].map((ended) => ended?.exitCode)).toEqual([0, 0, 0]);
  });
});

describe("on a terminal", () => {
  test("a command prints a table that fits, and JSON where it is asked for", async () => {
    const table = stripVTControlCharacters(await onTerminal(80, ["list", "--limit", "2"]));
    const [header = "", ...rows] = table.trimEnd().split("\n");
    expect(header).toMatch(/^APP_ID +MESSAGE_ID +UPDATED_AT +.*STATE/);
    expect(rows).toEqual([
      expect.stringMatching(/^shop +order-3 +2\d{3}-/),
      expect.stringMatching(/^shop +order-2 +2\d{3}-/),
      "There is more: --all",
    ]);
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const json = await onTerminal(80, ["list", "--json"]);
    expect(JSON.parse(json).messages).toHaveLength(3);
  });

  test("a page of events of one message is a table", async () => {
    const page = await onTerminal(100, ["show", "shop", "order-1", "--order", "oldest"]);
    const text = stripVTControlCharacters(page);
    expect(text).toMatch(/^app_id +shop\nmessage_id +order-1\n/);
    expect(text).toMatch(/\n\nevents\nEVENT +CREATED_AT +.*\ncreated +2/);
  });

  test("the last page ends a table of all of them", async () => {
    const text = await onTerminal(100, ["list", "--all", "--limit", "2"]);
    expect(text.match(/order-\d/g)).toEqual(["order-3", "order-2", "order-1"]);
    expect(text).not.toContain("more");
  });

  test("NO_COLOR is honoured", async () => {
    await sendBulk(mars.url, [
      { app_id: "b", message_id: "m", event: "created" },
      { app_id: "b", message_id: "m", event: "paid" },
    ]);
    await getJson(`${mars.url}/api/messages?min_seq=5&followed=1`);
    expect(await onTerminal(80, ["list", "--app", "b"])).toContain("\u001b[32mcomplete\u001b[0m");
    expect(await onTerminal(80, ["list", "--app", "b"], { NO_COLOR: "1" })).not.toContain("\u001b");
  });
});

describe("the key", () => {
  /** A server that shows which key it got. */
  function keyServer() {
    return Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const key = request.headers.get("authorization");
        if (key === "Bearer wrong") {
          return Response.json(
            { detail: "no such key" },
            { status: 401, headers: { "content-type": "application/problem+json" } },
          );
        }
        return request.url.includes("limit=7")
          ? Response.redirect("http://127.0.0.1:1/")
          : Response.json({ apps: [], key });
      },
    });
  }

  test("is sent as a bearer token, also past a proxy, and to no other address", async () => {
    await using server = keyServer();
    const env = { MARS_URL: `http://127.0.0.1:${server.port}`, MARS_KEY: "secret" };
    expect(JSON.parse((await run(["apps"], { env })).stdout).key).toBe("Bearer secret");
    const proxied = { ...env, HTTP_PROXY: mars.url, http_proxy: mars.url };
    expect(JSON.parse((await run(["apps"], { env: proxied })).stdout).key).toBe("Bearer secret");
    const redirected = await run(["apps", "--limit", "7"], { env });
    expect(redirected.stderr).toContain("redirects to http://127.0.0.1:1/: set MARS_URL");
    expect(redirected.exitCode).toBe(1);
  });

  test("of the data directory is used on this machine, and a refusal names where it came from", async () => {
    await using server = keyServer();
    const directory = mkdtempSync(join(home, "data-"));
    const env = { MARS_URL: `http://127.0.0.1:${server.port}`, MARS_DATA_DIR: directory };
    expect(JSON.parse((await run(["apps"], { env })).stdout).key).toBeNull();
    writeFileSync(join(directory, "admin-token"), "admin\n");
    expect(JSON.parse((await run(["apps"], { env })).stdout).key).toBe("Bearer admin");
    writeFileSync(join(directory, "admin-token"), "wrong\n");
    expect(await run(["apps"], { env })).toEqual({
      stdout: "",
      stderr: `mars: no such key (401)\nmars: the key is that of ${directory}/admin-token\n`,
      exitCode: 1,
    });
  });

  test("is not sent to another machine without encryption and a warning", async () => {
    await using server = keyServer();
    // 0.0.0.0 leads here, and is no name of this machine.
    const env = { MARS_URL: `http://0.0.0.0:${server.port}`, MARS_KEY: "secret" };
    const { stderr, exitCode } = await run(["apps"], { env });
    expect([stderr, exitCode]).toEqual([
      `mars: the key of MARS_KEY goes to http://0.0.0.0:${server.port} without encryption: use https\n`,
      0,
    ]);
  });
});

test("profiles are kept in a file that others cannot read, and a command calls the Mars of one", async () => {
  const config = { XDG_CONFIG_HOME: join(home, "config"), MARS_URL: "" };
  const profile = (args: string[], stdin = "") => run(["profile", ...args], { env: config, stdin });
  const secret = `mars_ro_${"x".repeat(36)}`;
  const elsewhere = await profile(["add", "prod", "--url", "http://127.0.0.1:1", "--key-file", "-"], secret);
  expect(elsewhere.stdout).toBe("prod is http://127.0.0.1:1, and in use\n");
  expect((await profile(["add", "here", "--url", `${mars.url}/`])).stdout).toBe(`here is ${mars.url}\n`);
  const path = join(home, "config/mars/profiles.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);

  const apps = (args: string[] = []) => run(["apps", ...args], { env: config });
  expect((await apps()).stderr).toContain("cannot reach http://127.0.0.1:1");
  expect((await apps(["--profile", "here"])).exitCode).toBe(0);
  expect((await profile(["use", "here"])).stdout).toBe(`here is in use: ${mars.url}\n`);
  expect((await apps()).exitCode).toBe(0);

  const list = await profile(["list"]);
  expect(JSON.parse(list.stdout)).toEqual({
    profiles: [
      { name: "prod", url: "http://127.0.0.1:1", key: true, in_use: false },
      { name: "here", url: mars.url, key: false, in_use: true },
    ],
  });
  const terminal = await onTerminal(80, ["profile", "list"], config);
  expect(terminal).toContain("prod  http://127.0.0.1:1");
  expect([list.stdout, terminal].join()).not.toContain(secret);
  const names = await run(["complete", "--", "apps", "--profile", "p"], { env: config });
  expect(names.stdout).toBe("prod\thttp://127.0.0.1:1\n");

  expect((await profile(["remove", "here"])).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
    profiles: { prod: { url: "http://127.0.0.1:1", key: secret } },
  });
  expect(await profile(["use", "here"])).toMatchObject({
    stderr: "mars: there is no profile here: mars profile list\n",
    exitCode: 1,
  });
});

test("open prints an address of the page, and on a desktop opens it", async () => {
  for (const [args, path] of [
    [[], "/"],
    [["stuck"], "/stuck"],
    [["incident", "12"], "/incidents?id=12"],
    [["order 1&2"], "/search/event?message_id=order+1%262"],
    [["shop", "stuck"], "/search/event?app_id=shop&message_id=stuck"],
  ] as const) {
    expect(await run(["open", ...args])).toEqual({ stdout: `${mars.url}${path}\n`, stderr: "", exitCode: 0 });
  }
  expect((await run(["open", "incident", "x"])).exitCode).toBe(2);

  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  writeFileSync(join(home, opener), `#!/bin/sh\necho "$1" > opened.next\nmv opened.next opened\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${home}:${process.env.PATH}`, DISPLAY: ":0" };
  expect(await onTerminal(80, ["open", "order-1"], env)).toBe(
    `${mars.url}/search/event?message_id=order-1\n`,
  );
  await until(async () => existsSync(join(home, "opened")));
  expect(readFileSync(join(home, "opened"), "utf8")).toBe(`${mars.url}/search/event?message_id=order-1\n`);
});

test("every screen that open knows is one of the page", async () => {
  for (const screen of openScreens) expect((await fetch(`${mars.url}/${screen}`)).status).toBe(200);
});

test("a command loads nothing that runs Mars", async () => {
  const files = ["command.ts", "cli/client.ts"].map((file) => join(import.meta.dir, "../../src", file));
  const code = `
    for (const file of ${JSON.stringify(files)}) await import(file);
    console.log(Object.keys(require.cache).join("\\n"));`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });
  const loaded = (await child.stdout.text()).split("\n");
  expect(loaded.filter((path) => path.includes("src/api/"))).not.toEqual([]);
  const server = /node_modules\/(?!zod)|src\/(edge|db|workers|ingest|app\/app|commands\/doctor)/;
  expect(loaded.filter((path) => server.test(path))).toEqual([]);
});
