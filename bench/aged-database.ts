/**
 * A database of many messages with random ids, filled through Mars itself and kept between runs, as filling takes minutes.
 * It is kept as it was filled: a scenario that adds much works on a copy.
 */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { type Bench, cacheDir, type Mars } from "./bench.ts";
import { stopAndVerify } from "./compare.ts";
import { type Body, createBody, messageId, stages } from "./events.ts";
import { runTool } from "./load/tool.ts";

export interface AgedDatabase {
  readonly dataDir: string;
  readonly messages: number;
  readonly bytes: number;
}

const requestMessages = 5_000;
const requestsAtOnce = 4;
/** The filler waits when the store is so many events behind: the journal never shrinks on the disk. */
const behindMax = 1_000_000;
/** Under Mars' default retention of 14 days, in which filled messages would begin to go. */
const ageMaxMs = 7 * 24 * 60 * 60 * 1000;
/** Six characters, as any run has. */
const filledRun = "filled";
const apps = 20;

/** What is known of message `n` without asking: its one event's app and stage, independent of each other. */
export function agedMessage(n: number): {
  readonly appId: string;
  readonly messageId: string;
  readonly event: string;
} {
  const appId = `app-${Math.floor(n / stages.length) % apps}`;
  return { appId, messageId: messageId(n, filledRun), event: stages[n % stages.length]! };
}

/** Finds the database in the cache, or fills it: by the schema and the number of messages, and not for ever. */
export async function openAgedDatabase(bench: Bench): Promise<AgedDatabase> {
  const schema = schemaHash();
  const messages = Math.ceil(bench.messages / requestMessages) * requestMessages;
  const dataDir = join(cacheDir, `aged-${schema}-${messages}`);
  removeOthers(schema);
  const marker = Bun.file(join(dataDir, "filled.json"));
  const filledAt = (await marker.exists()) ? ((await marker.json()) as { filledAt: number }).filledAt : 0;
  if (Date.now() - filledAt > ageMaxMs) {
    rmSync(dataDir, { recursive: true, force: true });
    await fill(bench, dataDir, messages);
    await marker.write(JSON.stringify({ filledAt: Date.now() }));
  }
  return { dataDir, messages, bytes: statSync(join(dataDir, "messages.db")).size };
}

/**
 * A copy of it on the same disk, for a scenario whose turns add many events: after some runs it would be another one. Disks that can
 * share blocks make the copy free.
 */
export async function copyAgedDatabase(bench: Bench): Promise<AgedDatabase> {
  const aged = await openAgedDatabase(bench);
  const dataDir = bench.newDirectory();
  await runTool(["cp", "--recursive", "--reflink=auto", aged.dataDir, dataDir]);
  await runTool(["sync", "--file-system", dataDir]);
  return { ...aged, dataDir };
}

async function fill(bench: Bench, dataDir: string, messages: number): Promise<void> {
  process.stderr.write(`bench: filling a database with ${messages} messages; it is kept in ${dataDir}\n`);
  const mars = await bench.startMars({ dataDir });
  let next = 0;
  await Promise.all(Array.from({ length: requestsAtOnce }, work));
  const turns = [{ acknowledged: messages, unanswered: 0 }];
  const faults = await stopAndVerify(mars, { name: "filling", turns, distinct: true });
  if (faults.length > 0) throw new Error(faults.join("; "));

  async function work(): Promise<void> {
    const body = createBody(encode, { messages: requestMessages, run: filledRun });
    while (next < messages) {
      const first = next;
      next += requestMessages;
      await post(mars, body, first);
      while ((await mars.stats()).store.behind > behindMax) await Bun.sleep(50);
    }
  }
}

async function post({ url }: Mars, body: Body, first: number): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/api/event/bulk`, { method: "POST", headers, body: body(first) });
  if (response.status !== 200) throw new Error(`filling: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** One event a message, for the time's sake. App and stage repeat within a request, so that only ids have to be replaced. */
function encode(ids: readonly string[]): Uint8Array {
  const events = ids.map((id, n) => {
    const { appId, event } = agedMessage(n);
    return `{"app_id":"${appId}","message_id":"${id}","event":"${event}"}`;
  });
  return Buffer.from(`{"events":[${events.join(",")}]}`);
}

/** A database of another schema would only measure its own migration. */
export function schemaHash(): string {
  const root = join(import.meta.dir, "..");
  const hash = new Bun.CryptoHasher("sha256");
  for (const file of [...new Glob("migrations/store/*").scanSync(root)].sort()) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest("hex").slice(0, 8);
}

/** Databases of earlier schemas, gigabytes that no run reads again. */
function removeOthers(schema: string): void {
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith("aged-") && !name.startsWith(`aged-${schema}-`)) {
      rmSync(join(cacheDir, name), { recursive: true });
    }
  }
}
