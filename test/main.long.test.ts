/** The program as a user runs it: a process with arguments, an environment, signals and an exit code. */
import { afterAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };

const main = join(import.meta.dir, "../src/main.ts");
const home = mkdtempSync(join(tmpdir(), "mars-main-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

function spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return Bun.spawn([process.execPath, "--no-env-file", main, ...args], {
    cwd: home,
    env: { MARS_HTTP_PORT: "0", MARS_GRPC_PORT: "0", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
}

type Child = ReturnType<typeof spawn>;

async function ended(child: Child): Promise<Ended> {
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

/** Resolves to the line that says Mars is up. What follows on stdout is dropped. */
async function up(child: Child): Promise<string> {
  let text = "";
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Mars did not start: ${await child.stderr.text()}`);
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text.slice(0, text.indexOf("\n"));
}

function httpPort(line: string): number {
  return Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
}

test("its files are private, in a directory that others may read as well", async () => {
  const directory = join(home, "shared");
  mkdirSync(directory, { mode: 0o755 });
  const child = spawn([], { MARS_DATA_DIR: directory });
  await up(child);
  const modes = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => [name, (statSync(join(parentPath, name)).mode & 0o777).toString(8)]);
  child.kill("SIGTERM");
  await child.exited;
  expect(modes.map(([name]) => name)).toContain("messages.db-wal");
  expect(modes.filter(([, mode]) => mode !== "600")).toEqual([]);
});

test("a Mars beyond this machine does not start without a key, or warns that it serves every caller", async () => {
  const refused = await ended(spawn(["--host", "0.0.0.0"], { MARS_DATA_DIR: "./reached" }));
  expect(refused.stderr).toContain("callers need a key, and there is none: set MARS_ADMIN_KEY");
  expect(refused.exitCode).toBe(1);
  for (const [host, warned] of [
    ["127.0.0.1", false],
    ["0.0.0.0", true],
  ] as const) {
    const child = spawn(["--host", host], { MARS_DATA_DIR: "./reached", MARS_ANONYMOUS: "1" });
    await up(child);
    child.kill("SIGTERM");
    const [stderr] = await Promise.all([child.stderr.text(), child.exited]);
    expect([host, stderr.includes('"event":"no_authentication"')]).toEqual([host, warned]);
  }
});

describe("a command that ends by itself", () => {
  test("--version says the package's version", async () => {
    expect(await ended(spawn(["--version"]))).toEqual({
      stdout: `mars ${packageJson.version}\n`,
      stderr: "",
      exitCode: 0,
    });
  });

  test("--help goes to stdout, after a command too", async () => {
    for (const args of [["--help"], ["serve", "-h"], ["help"]]) {
      const { stdout, exitCode } = await ended(spawn(args));
      expect(stdout).toContain("Usage: mars [command] [flags]");
      expect(exitCode).toBe(0);
    }
  });

  test("config check shows what is set and hides the secret", async () => {
    const env = { MARS_DATABASE_URL: "http://db:8080", MARS_DATABASE_AUTH_TOKEN: "s3cret" };
    const { stdout, stderr, exitCode } = await ended(spawn(["config", "check", "--collectors", "4"], env));
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^MARS_COLLECTORS +4 +--collectors$/m);
    expect(stdout).toMatch(/^MARS_DATABASE_AUTH_TOKEN +\(hidden\) +MARS_DATABASE_AUTH_TOKEN$/m);
    expect(stdout).not.toContain("s3cret");
  });

  test("an unknown command, a misspelt flag and a bad value end with 2 and say why", async () => {
    for (const [args, why] of [
      [["fly"], "mars: unknown command fly"],
      [["config"], "mars: unknown command config"],
      [["--http-prt", "1"], "mars: unknown flag --http-prt: did you mean --http-port?"],
      [
        ["config", "check", "--collectors", "many"],
        'mars: --collectors must be a whole number from 1 to 256, is "many"',
      ],
    ] as const) {
      const { stdout, stderr, exitCode } = await ended(spawn(args));
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toBe(`${why}\nmars: see mars --help\n`);
    }
  });
});

describe("a Mars that is up", () => {
  test("says where, answers health, and ends with 0 on SIGTERM and on SIGINT", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const child = spawn([], { MARS_DATA_DIR: "./up" });
      const line = await up(child);
      expect(line).toMatch(
        /^mars [\d.]+ is up: http:\/\/127\.0\.0\.1:\d+ \(REST, Connect, gRPC-Web, WebSocket\), grpc 127\.0\.0\.1:\d+, data \.\/up$/,
      );
      const health = await ended(spawn(["health"], { MARS_HTTP_PORT: String(httpPort(line)) }));
      expect(health).toEqual({ stdout: "ready\n", stderr: "", exitCode: 0 });
      child.kill(signal);
      expect(await child.exited).toBe(0);
    }
  });

  test("stops once when a signal comes twice at once, as under npm start", async () => {
    const child = spawn([], { MARS_DATA_DIR: "./twice" });
    await up(child);
    child.kill("SIGINT");
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
  });

  test("ends at once at a second signal while it stops", async () => {
    const child = spawn([], { MARS_DATA_DIR: "./impatient" });
    // A request that never ends is what a stop waits for.
    const socket = connect(httpPort(await up(child)), "127.0.0.1");
    socket.on("error", () => undefined);
    // In one piece, so that the answer to the first says that the second has arrived too.
    socket.write(
      "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /api/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await once(socket, "data");
    child.kill("SIGTERM");
    // Two signals within half a second count as one.
    await Bun.sleep(600);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
    socket.destroy();
  });

  test("has stored what it acknowledged when it comes again", async () => {
    const first = spawn([], { MARS_DATA_DIR: "./again" });
    const event = { app_id: "a", message_id: "m", event: "sent" };
    const response = await fetch(`http://127.0.0.1:${httpPort(await up(first))}/api/event`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    expect(await response.json()).toMatchObject({ success: true });
    first.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    const second = spawn([], { MARS_DATA_DIR: "./again" });
    const answer = await fetch(`http://127.0.0.1:${httpPort(await up(second))}/api/apps/a/messages/m`);
    expect(await answer.json()).toMatchObject({ event_count: 1, events: [{ event: "sent" }] });
    second.kill("SIGKILL");
    await second.exited;
  });

  test("logs JSON lines on stderr", async () => {
    const child = spawn([], { MARS_DATA_DIR: "./logs", MARS_LOG_LEVEL: "debug" });
    await up(child);
    child.kill("SIGTERM");
    const lines = (await child.stderr.text()).trim().split("\n");
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        time: expect.any(String),
        level: expect.any(String),
        message: expect.any(String),
      });
    }
    expect(lines.some((line) => JSON.parse(line).message === "stopping")).toBe(true);
  });
});

describe("a Mars that cannot start ends with 1 and one sentence", () => {
  async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
    const { stdout, stderr, exitCode } = await ended(spawn([], env));
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    const sentences = stderr.split("\n").filter((line) => line.startsWith("mars: "));
    expect(sentences).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    return sentences[0] ?? "";
  }

  test("when a port is taken", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    try {
      for (const name of ["MARS_HTTP_PORT", "MARS_GRPC_PORT"]) {
        expect(await refusal({ MARS_DATA_DIR: "./port", [name]: String(other.port) })).toContain(
          String(other.port),
        );
      }
    } finally {
      await other.stop();
    }
  });

  test("when another Mars has the data directory", async () => {
    const child = spawn([], { MARS_DATA_DIR: "./shared" });
    await up(child);
    expect(await refusal({ MARS_DATA_DIR: "./shared" })).toContain("in use by another process");
    child.kill("SIGKILL");
    await child.exited;
  });

  test("when the data directory is a file", async () => {
    writeFileSync(join(home, "file"), "");
    expect(await refusal({ MARS_DATA_DIR: "./file" })).toContain("./file");
  });

  // Root may write anywhere.
  test.skipIf(process.getuid?.() === 0)("when the data directory cannot be written", async () => {
    mkdirSync(join(home, "locked"));
    chmodSync(join(home, "locked"), 0o500);
    expect(await refusal({ MARS_DATA_DIR: "./locked/data" })).toContain("./locked/data");
  });
});
