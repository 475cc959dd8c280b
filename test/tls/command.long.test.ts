/** TLS by the program as a user runs it. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificate, createServerCertificate, writePair } from "../support/certificates.ts";
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

test("commands call the Mars of this machine by its certificate, and no other server", async () => {
  const files = mkdtempSync(join(home, "own-"));
  const authority = createCertificate({ name: "authority" });
  // Neither its names nor its authority are known here.
  const pair = createServerCertificate({ issuer: authority, alternatives: ["DNS:mars.example.com"] });
  const { tlsCert, tlsKey } = writePair(files, pair);
  const tlsClientCa = join(files, "ca.pem");
  writeFileSync(tlsClientCa, authority.cert);
  const env = { MARS_TLS_CERT: tlsCert, MARS_TLS_KEY: tlsKey, MARS_DATA_DIR: join(home, "called") };
  const required = { MARS_TLS_CLIENT_CA: tlsClientCa, MARS_TLS_CLIENT_REQUIRED: "1" };
  const mars = await spawnMars({ dataDir: env.MARS_DATA_DIR, env: { ...env, ...required } });
  try {
    const own = { ...env, ...required, MARS_HTTP_PORT: String(mars.httpPort) };
    const listed = await run(["list"], own);
    expect(listed).toMatchObject({ stderr: "", exitCode: 0 });
    expect(JSON.parse(listed.stdout)).toMatchObject({ messages: [] });
    expect(await run(["health"], own)).toEqual({ stdout: "ready\n", stderr: "", exitCode: 0 });
    const missing = await run(["show", "shop", "nothing"], own);
    expect(missing).toMatchObject({
      stderr: "mars: no event of this message is stored (404)\n",
      exitCode: 1,
    });
    const other = createServerCertificate({ issuer: authority });
    const another = writePair(mkdtempSync(join(home, "other-")), other);
    const refused = await run(["list"], {
      ...own,
      MARS_TLS_CERT: another.tlsCert,
      MARS_TLS_KEY: another.tlsKey,
    });
    expect(refused.stderr).toEndWith(": its certificate is not the one of MARS_TLS_CERT\n");
  } finally {
    expect(await mars.kill("SIGTERM")).toBe(0);
  }
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
