/**
 * What belongs to one Mars: a second one on the same directory, by another path, with the lock's file deleted; on the same
 * database file or server from another directory; and files that are deleted or exchanged under a running one.
 *
 *     bun test/faults/two-mars.ts [--full] [--binary dist/mars]
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { postJson, send, statsWhen } from "../support/rest.ts";
import { sqldSupported, startSqld } from "../support/sqld.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const noticedMs = 5_000;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "mars-faults-two-"));
  const command = binary === undefined ? [process.execPath, "src/main.ts"] : [binary];
  const start = (dataDir: string, databaseUrl?: string) =>
    spawnMars({
      dataDir,
      command,
      env: { MARS_LOG_LEVEL: "error", ...(databaseUrl !== undefined && { MARS_DATABASE_URL: databaseUrl }) },
    });
  const running: MarsProcess[] = [];
  const up = async (...args: Parameters<typeof start>) => {
    const mars = await start(...args);
    running.push(mars);
    return mars;
  };
  try {
    const a = join(root, "a");
    const first = await up(a);
    symlinkSync(a, join(root, "link"));
    await refused(command, a, "in use by");
    await refused(command, join(root, "link"), "in use by");
    await refused(command, join(root, "b"), "in use by", `file:${a}/messages.db`);
    mkdirSync(join(root, "c"), { mode: 0o700 });
    symlinkSync(join(a, "journal"), join(root, "c", "journal"));
    await refused(command, join(root, "c"), "the journal is in use by");
    await send(first.url, event("kept"));
    if ((statSync(join(a, "messages.db")).mode & 0o077) !== 0)
      throw new Error("messages.db is open to others");

    const noticed: string[] = [];
    const journal = join(a, "journal");
    for (const path of ["lock.db", "messages.db", "messages.db-wal", "journal.mark", "journal"]) {
      const file = join(a, path);
      renameSync(file, `${file}.away`);
      noticed.push(`${path} ${await whenRefusing(first)} ms`);
      if (path === "lock.db") await refused(command, a, "in use by");
      rmSync(file, { recursive: true, force: true });
      renameSync(`${file}.away`, file);
      await whenAccepting(first);
    }
    // Exchanged for an empty one, as a restore over a running Mars does.
    renameSync(join(a, "messages.db"), join(a, "old.db"));
    writeFileSync(join(a, "messages.db"), "");
    noticed.push(`exchanged messages.db ${await whenRefusing(first)} ms`);
    renameSync(join(a, "old.db"), join(a, "messages.db"));
    await whenAccepting(first);
    // Ends in order, and the next start has all of it.
    if ((await first.kill("SIGTERM")) !== 0) throw new Error("the first did not stop in order");
    const again = await up(a);
    await statsWhen(again.url, ({ store }) => store.behind === 0);
    await again.kill("SIGKILL");
    rmSync(join(a, "lock.db"), { force: true });
    symlinkSync(join(root, "elsewhere"), join(a, "lock.db"));
    await refused(command, a, "symbolic link");
    mkdirSync(journal, { recursive: true });

    const remote = full || sqldSupported ? await tryServer(root, command, up) : "";
    return `seconds refused by directory, link, database file, deleted lock; noticed: ${noticed.join(", ")}${remote}`;
  } finally {
    for (const mars of running) await mars.kill("SIGKILL").catch(() => undefined);
    rmSync(root, { recursive: true, force: true });
  }
}

async function tryServer(
  root: string,
  command: readonly string[],
  up: (dataDir: string, databaseUrl?: string) => Promise<MarsProcess>,
): Promise<string> {
  const sqld = await startSqld({ dbPath: join(root, "sqld") });
  try {
    const first = await up(join(root, "remote-a"), sqld.httpUrl);
    await send(first.url, event("one"));
    const begin = performance.now();
    await refused(command, join(root, "remote-b"), "in use by", sqld.httpUrl);
    const refusedMs = Math.round(performance.now() - begin);
    await first.kill("SIGKILL");
    const restart = performance.now();
    const second = await up(join(root, "remote-b"), sqld.httpUrl);
    await send(second.url, event("two"));
    const takenMs = Math.round(performance.now() - restart);
    await second.kill("SIGTERM");
    return `; a server's database: second refused after ${refusedMs} ms, taken over ${takenMs} ms after a kill`;
  } finally {
    await sqld.kill();
  }
}

async function refused(
  command: readonly string[],
  dataDir: string,
  reason: string,
  databaseUrl?: string,
): Promise<void> {
  const database = databaseUrl === undefined ? [] : ["--database-url", databaseUrl];
  const flags = ["--data-dir", dataDir, "--http-port", "0", "--grpc-port", "0", ...database];
  const child = Bun.spawn([...command, "serve", ...flags], { stdout: "ignore", stderr: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const text = await new Response(child.stderr).text();
  clearTimeout(timer);
  const code = await child.exited;
  if (code !== 1 || !text.includes(reason))
    throw new Error(`a second Mars on ${dataDir}: exit ${code}: ${text}`);
}

function event(messageId: string) {
  return { app_id: "a", message_id: messageId, event: "E" };
}

async function whenRefusing(mars: MarsProcess): Promise<number> {
  return until(mars, "refuse", ({ status }) => status === 503);
}

async function whenAccepting(mars: MarsProcess): Promise<number> {
  return until(mars, "accept", ({ status }) => status === 200);
}

/** Both doors have to agree: events, and `/readyz`. */
async function until(
  mars: MarsProcess,
  what: string,
  done: (response: Response) => boolean,
): Promise<number> {
  for (const begin = performance.now(); performance.now() - begin < noticedMs; await Bun.sleep(50)) {
    const [sent, ready] = [
      await postJson(`${mars.url}/api/event`, event("x")),
      await fetch(`${mars.url}/readyz`),
    ];
    if (done(sent) && done(ready)) return Math.round(performance.now() - begin);
  }
  throw new Error(`Mars did not ${what} within ${noticedMs} ms`);
}

if (import.meta.main) await runAlone(run);
