/**
 * Scheduled backups in a bucket, of the real program against moto, an S3 server in Python: `pip install 'moto[server]'`.
 *
 *     bun test/backup/s3/run.ts [--binary dist/mars]
 *
 * Exits with 1 at the first thing that is not as it should be, moto missing included.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Stats } from "../../../src/runtime/stats.ts";
import { freePort } from "../../support/free-port.ts";
import { spawnMars } from "../../support/process.ts";
import { getJson, sendBulk } from "../../support/rest.ts";
import { until } from "../../support/until.ts";

const { values } = parseArgs({ options: { binary: { type: "string" } } });
const mars = values.binary === undefined ? [process.execPath, "src/main.ts"] : [values.binary];

/** Larger than one part of an upload, though it is compressed: the attributes are random. */
const events = 60_000;
const keep = 2;

const root = await mkdtemp(join(tmpdir(), "mars-s3-"));
const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const server = Bun.spawn(["moto_server", "-H", "127.0.0.1", "-p", String(port)], {
  stdout: "ignore",
  stderr: Bun.file(join(root, "moto.txt")),
});
const place = { MARS_BACKUP_URL: "s3://backups/mars/one", MARS_BACKUP_S3_ENDPOINT: endpoint };
const credentials = { AWS_ACCESS_KEY_ID: "testing", AWS_SECRET_ACCESS_KEY: "testing" };
const env = { ...place, ...credentials, MARS_BACKUP_KEEP: String(keep), MARS_LOG_LEVEL: "error" };
const dataDir = join(root, "data");
let running: Awaited<ReturnType<typeof spawnMars>> | undefined;

try {
  await until(
    () =>
      fetch(endpoint).then(
        () => true,
        () => server.exitCode !== null,
      ),
    () => "moto_server answers",
    60_000,
  );
  if (server.exitCode !== null) throw new Error("moto_server does not run: pip install 'moto[server]'");
  await fetch(`${endpoint}/backups`, { method: "PUT" });

  running = await spawnMars({ dataDir, command: mars, env: { ...env, MARS_BACKUP_EVERY: "365d" } });
  await until(
    async () => (await scheduleOf()).last !== null,
    () => "a first backup",
  );
  say("an empty Mars is backed up at its start");
  for (let from = 0; from < events; from += 5_000) await sendBulk(running.url, batch(from, 5_000));
  await stop();
  // What a process leaves that was killed during an upload.
  await fetch(`${endpoint}/backups/mars/one/mars-20270131T120000Z.tar.zst?uploads`, { method: "POST" });

  running = await spawnMars({ dataDir, command: mars, env: { ...env, MARS_BACKUP_EVERY: "1s" } });
  await until(
    async () => ((await scheduleOf()).last?.bytes ?? 0) > 16 * 1024 * 1024,
    () => "a large backup",
    60_000,
  );
  const large = (await scheduleOf()).last?.name ?? "";
  await until(
    async () => (await keys()).length <= keep && (await scheduleOf()).last?.name !== large,
    () => "old ones are deleted",
    60_000,
  );
  const uploads = await (await fetch(`${endpoint}/backups?uploads`)).text();
  check(!uploads.includes("20270131T120000Z"), "an upload that was cut off is removed");
  await stop();
  const name = (await keys()).at(-1) ?? "";
  const file = join(root, "from-s3.tar.zst");
  await writeFile(file, await (await fetch(`${endpoint}/backups/${name}`)).bytes());
  const verified = Bun.spawnSync([...mars, "verify", file], { env: { PATH: process.env.PATH ?? "" } });
  check(verified.exitCode === 0, `a backup of several parts is whole: ${verified.stderr}`);
  check(verified.stdout.toString().includes(`to ${events},`), "it has every event");

  running = await spawnMars({
    dataDir: join(root, "other"),
    command: mars,
    env: {
      ...env,
      MARS_BACKUP_URL: "s3://no-such-bucket/x",
      MARS_LOG_LEVEL: "error",
      MARS_BACKUP_EVERY: "1s",
    },
    stderr: join(root, "failing.txt"),
  });
  await until(
    async () => (await ready()).warnings?.[0]?.includes("NoSuchBucket") === true,
    () => "a warning of health",
    30_000,
  );
  say("a bucket that is not there is a warning of health, and events are accepted");
  await sendBulk(running.url, batch(0, 1));
  await stop();
  say("done");
} finally {
  await running?.kill("SIGKILL");
  server.kill();
  await server.exited;
  await rm(root, { recursive: true, force: true });
}

function batch(from: number, count: number) {
  return Array.from({ length: count }, (_, n) => ({
    app_id: "a",
    message_id: `m${from + n}`,
    event: "E",
    attributes: { random: Buffer.from(crypto.getRandomValues(new Uint8Array(300))).toString("base64") },
  }));
}

async function scheduleOf() {
  const { backup } = await getJson<Stats>(`${running?.url}/api/q/stats`);
  if (backup.schedule === null) throw new Error("no backups are scheduled");
  return backup.schedule;
}

function ready(): Promise<{ readonly warnings?: readonly string[] }> {
  return getJson(`${running?.url}/readyz`);
}

async function keys(): Promise<string[]> {
  const text = await (await fetch(`${endpoint}/backups?list-type=2`)).text();
  return [...text.matchAll(/<Key>([^<]*)</g)].map(([, key = ""]) => key).sort();
}

async function stop(): Promise<void> {
  check((await running?.kill("SIGTERM")) === 0, "Mars stops in order");
  running = undefined;
}

function check(is: boolean, what: string): void {
  if (!is) throw new Error(`not so: ${what}`);
  say(what);
}

function say(what: string): void {
  process.stdout.write(`ok ${what}\n`);
}
