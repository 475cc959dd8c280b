/** Backups of a running Mars, and what is restored from them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArchive } from "../../src/backup/archive-reader.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { runBackupCommand } from "../../src/commands/backup-commands.ts";
import { runCommand } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { mulberry32 } from "../support/random.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const events = 500;

let root: string;
let mars: TestMars;
let file: string;
let bytes: Buffer;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mars-backup-"));
  mars = await startMars({ dataDir: join(root, "data") });
  const reported = Array.from({ length: events }, (_, n) => ({
    app_id: "a",
    message_id: `m${n % 200}`,
    event: `E${Math.floor(n / 200)}`,
    attributes: { n },
  }));
  await sendBulk(mars.url, reported);
  file = join(root, "backup.tar.zst");
  const env = { MARS_URL: mars.url };
  const made = await runCommand(["backup", "--to", file, "--json"], { cwd: root, env });
  bytes = await readFile(file);
  expect(made).toEqual({
    stdout: `${JSON.stringify({ file, bytes: bytes.length })}\n`,
    stderr: "",
    exitCode: 0,
  });
});
afterAll(async () => {
  await mars.stop();
  await rm(root, { recursive: true, force: true });
});

async function command(name: "restore" | "verify", ...args: string[]) {
  const [out, errors]: [string[], string[]] = [[], []];
  const exitCode = await runBackupCommand(name, args, {
    env: {},
    readFile: () => "",
    stdin: createReadStream(file),
    print: (text) => out.push(text),
    complain: (text) => errors.push(text),
  });
  return { exitCode, out: out.join(""), errors: errors.join("\n") };
}

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Reads every byte, and keeps nothing. */
function read(...chunks: readonly Uint8Array[]): Promise<Manifest> {
  return readArchive(chunksOf(...chunks), async () => ({ write: async () => {}, end: async () => {} }));
}

test("a backup of an older Mars is restored, and the start brings its database up to date", async () => {
  // Five messages of which each waits for B, made by a Mars with the first 37 migrations.
  const older = join(import.meta.dir, "schema-37.tar.zst");
  const dataDir = join(root, "older");
  const { exitCode, errors } = await command("restore", "--from", older, "--data-dir", dataDir);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
  await using restored = await startMars({ dataDir, retentionMs: 0 });
  type Page = { readonly messages: readonly { readonly message_id: string; readonly state: string }[] };
  await until(async () => {
    const { messages } = await getJson<Page>(`${restored.url}/api/messages?order=oldest`);
    return messages.length === 5 && messages.every(({ state }) => state === "overdue");
  });
  expect(await sendBulk(restored.url, [{ app_id: "a", message_id: "m1", event: "B" }])).toBeGreaterThan(5);
});

test("a backup is restored into an empty directory, and the Mars that starts there has everything", async () => {
  const dataDir = join(root, "restored");
  await mkdir(dataDir);
  const { exitCode, errors, out } = await command("restore", "--from", "-", "--data-dir", dataDir);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
  expect(out).toContain(`everything up to seq ${events}, of 20`);
  const path = "/api/messages?limit=1000&order=oldest";
  const wanted = await getJson<{ messages: unknown[] }>(mars.url + path);
  await using restored = await startMars({ dataDir });
  expect(await getJson<typeof wanted>(restored.url + path)).toEqual(wanted);
  expect(wanted.messages).toHaveLength(200);
});

test("no byte of it can change unnoticed, nor be missing, nor be more", async () => {
  const random = mulberry32(1);
  const edges = Array.from({ length: 64 }, (_, n) => [n, bytes.length - 1 - n]).flat();
  const inside = Array.from({ length: 150 }, () => Math.floor(random() * bytes.length));
  for (const at of [...edges, ...inside]) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ (1 << Math.floor(random() * 8));
    const found = await read(changed).then(
      () => `byte ${at} has changed, and nothing is wrong`,
      (error: Error) => error.name,
    );
    expect(found).toBe("DamagedBackup");
  }
  for (const length of [0, 3, 100, bytes.length - 48, bytes.length - 1])
    await expect(read(bytes.subarray(0, length))).rejects.toThrow("cut off");
  await expect(read(bytes, bytes)).rejects.toThrow("something follows its end");
  const { snapshot_seq, seq, parts } = await read(bytes);
  expect({ snapshot_seq, seq }).toEqual({ snapshot_seq: events, seq: events });
  expect(parts.map(({ name }) => name)).toEqual([
    "messages.db",
    "keys.json",
    `journal/${String(events + 1).padStart(16, "0")}-00000001.segment`,
  ]);
});

test("a damaged backup is refused, and leaves nothing where it was to be restored", async () => {
  const damaged = join(root, "damaged.tar.zst");
  const changed = Buffer.from(bytes);
  changed[bytes.length - 60] = changed[bytes.length - 60]! ^ 1;
  await writeFile(damaged, changed);
  const [fresh, empty] = [join(root, "fresh"), join(root, "empty")];
  await mkdir(empty);
  for (const directory of [fresh, empty]) {
    const { exitCode, errors } = await command("restore", "--from", damaged, "--data-dir", directory);
    expect({ exitCode, errors }).toEqual({ exitCode: 1, errors: expect.stringContaining("damaged") });
  }
  expect(existsSync(fresh)).toBe(false);
  expect(await readdir(empty)).toEqual([]);
  expect(await command("verify", damaged)).toMatchObject({ exitCode: 1, out: "" });
  expect(await command("verify", file)).toMatchObject({ exitCode: 0, errors: "" });
});

test("nothing is restored over data, nor over those of a Mars that runs", async () => {
  const taken = join(root, "taken");
  await mkdir(taken);
  await writeFile(join(taken, "note.txt"), "mine");
  const over = await command("restore", "--from", file, "--data-dir", taken);
  expect(over).toMatchObject({ exitCode: 1, errors: expect.stringContaining("is not empty") });
  expect(await readdir(taken)).toEqual(["note.txt"]);
  const running = await command("restore", "--from", file, "--data-dir", mars.dataDir);
  expect(running).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining("is in use by another process"),
  });
});

test("a directory whose restore was not finished is refused by Mars", async () => {
  const dataDir = join(root, "unfinished");
  await mkdir(dataDir);
  await writeFile(join(dataDir, "restore-unfinished"), "");
  await expect(startMars({ dataDir })).rejects.toThrow("was not finished");
});

test("other programs unpack it, and it is readable by its owner alone", async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const packed = Bun.zstdDecompressSync(bytes.subarray(0, bytes.length - 48));
  const listed = Bun.spawnSync(["tar", "-tvf", "-"], { stdin: packed });
  expect(
    listed.stdout.toString().match(/-rw------- .*(messages\.db|segment|manifest\.json)$/gm),
  ).toHaveLength(3);
});

test("who may not administer every app gets none, and who gets one is in the audit", async () => {
  const { url } = mars;
  const post = (path: string, key: string, body?: object) =>
    fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  let keys = 0;
  const keyOf = async (kind: string, apps: string[], by: string) => {
    keys += 1;
    const response = await post("/api/keys", by, { kind, apps, name: kind });
    return ((await response.json()) as { token: string }).token;
  };
  const local = (await readFile(join(mars.dataDir, "admin-token"), "utf8")).trim();
  const admin = await keyOf("ad", ["*"], local);
  const get = async <T>(path: string) =>
    (await (await fetch(url + path, { headers: { authorization: `Bearer ${admin}` } })).json()) as T;
  const status = async (key: string) => (await post("/api/backup", key)).status;
  expect(await status(await keyOf("rw", ["*"], admin))).toBe(403);
  expect(await status(await keyOf("ad", ["a"], admin))).toBe(403);
  expect(await status("wrong")).toBe(401);
  await read(await (await post("/api/backup", admin)).bytes());
  const { entries } = await get<{ entries: object[] }>("/api/audit?action=createBackup");
  expect(entries[0]).toMatchObject({ target: "backup", name: "ad", new: { snapshot_seq: events + keys } });
  expect(await get<object>("/api/q/stats")).toMatchObject({
    backup: { running: false, made: 2, failures: 0, last: { seq: events + keys } },
  });
});
