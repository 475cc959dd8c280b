/** TLS by the program as a user runs it. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServerCertificate, writePair } from "../support/certificates.ts";
import { spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

const home = mkdtempSync(join(tmpdir(), "mars-tls-command-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = Bun.spawn([process.execPath, "src/main.ts", ...args], {
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

function environment() {
  const { tlsCert, tlsKey } = writePair(mkdtempSync(join(home, "pair-")), createServerCertificate());
  return { MARS_TLS_CERT: tlsCert, MARS_TLS_KEY: tlsKey, MARS_DATA_DIR: join(home, "data") };
}

test("config check and the start judge the pair with the same sentence", async () => {
  const env = environment();
  const good = await run(["config", "check"], env);
  expect(good).toMatchObject({ stderr: "", exitCode: 0 });
  expect(good.stdout).toMatch(/^certificate of localhost, 127\.0\.0\.1, until \d{4}-\d\d-\d\dT[\d:]+Z$/m);
  writeFileSync(env.MARS_TLS_KEY, createServerCertificate().key);
  const sentence = `${env.MARS_TLS_KEY} is not the key of the certificate in ${env.MARS_TLS_CERT}`;
  const bad = await run(["config", "check"], env);
  expect(bad).toMatchObject({ stderr: `mars: ${sentence}\n`, exitCode: 1 });
  expect(bad.stdout).toMatch(/^MARS_TLS_CERT /m);
  const start = await run([], { ...env, MARS_HTTP_PORT: "0", MARS_GRPC_PORT: "0" });
  expect(start).toMatchObject({ stderr: `mars: cannot start: ${sentence}\n`, stdout: "", exitCode: 1 });
});

test("SIGHUP reads the certificate again, and mars health needs no authority for it", async () => {
  const env = environment();
  const logFile = join(home, "log");
  const mars = await spawnMars({
    dataDir: join(home, "up"),
    env: { ...env, MARS_LOG_LEVEL: "info" },
    stderr: logFile,
  });
  const logged = (event: string) => until(() => readFileSync(logFile, "utf8").includes(`"${event}"`));
  try {
    expect(mars.url).toStartWith("https://127.0.0.1:");
    const health = () => run(["health"], { ...env, MARS_HTTP_PORT: String(mars.httpPort) });
    expect(await health()).toEqual({ stdout: "ready\n", stderr: "", exitCode: 0 });
    process.kill(mars.pid, "SIGHUP");
    await logged("tls_unchanged");
    writeFileSync(env.MARS_TLS_CERT, "broken");
    process.kill(mars.pid, "SIGHUP");
    await logged("tls_reload_failed");
    // It must not be restarted for that: it would not start.
    const other = { stdout: `ready, with another certificate than ${env.MARS_TLS_CERT}\n`, exitCode: 0 };
    expect(await health()).toMatchObject(other);
    writePair(join(env.MARS_TLS_CERT, ".."), createServerCertificate());
    process.kill(mars.pid, "SIGHUP");
    await logged("tls_reloaded");
    expect(await health()).toEqual({ stdout: "ready\n", stderr: "", exitCode: 0 });
  } finally {
    expect(await mars.kill("SIGTERM")).toBe(0);
  }
});
