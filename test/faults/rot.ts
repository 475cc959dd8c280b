/**
 * Bits that flip in the database file while Mars is away: every answer that comes out wrong, or does not come, must have a
 * word in the log or be an error.
 */
import { cp, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars as start } from "../../src/app/start.ts";
import type { Log } from "../../src/core/ports.ts";
import { bunServers } from "../../src/edge/bun-servers.ts";
import { testConfig } from "../support/mars.ts";
import { mulberry32 } from "../support/random.ts";
import { sendBulk, statsWhen } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const messages = 400;
const [flipsFull, flipsShort] = [1_000, 25];

export async function run({ full }: FaultCheckOptions): Promise<string> {
  const seed = Date.now() % 1_000_000;
  const random = mulberry32(seed);
  const home = await mkdtemp(join(tmpdir(), "mars-rot-"));
  try {
    const original = join(home, "original");
    const expected = await fill(original);
    const { size } = await stat(join(original, "messages.db"));
    const counts = { right: 0, named: 0, refused: 0 };
    const silent: string[] = [];
    const flips = full ? flipsFull : flipsShort;
    for (let n = 0; n < flips; n++) {
      const dataDir = join(home, "copy");
      await cp(original, dataDir, { recursive: true, preserveTimestamps: true });
      const at = Math.floor(random() * size);
      await flip(join(dataDir, "messages.db"), at, Math.floor(random() * 8));
      const outcome = await answersOf(dataDir, expected);
      if (outcome === "wrong") silent.push(`byte ${at}`);
      else counts[outcome] += 1;
      await rm(dataDir, { recursive: true });
    }
    const figures = `${flips} flipped bits in ${size} bytes: ${counts.right} without effect or log line, ${counts.named} named in the log, ${counts.refused} refused at the start, ${silent.length} silently wrong (seed ${seed})`;
    if (silent.length > 0) throw new Error(`${figures}: ${silent.slice(0, 10).join(", ")}`);
    if (counts.named + counts.refused === 0) throw new Error(`${figures}: none was found`);
    return figures;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

type Outcome = "right" | "named" | "refused" | "wrong";

/** Fills a data directory, and returns what Mars answers of it. */
async function fill(dataDir: string): Promise<readonly string[]> {
  const mars = await start(testConfig(dataDir), silentLog(), "test", bunServers);
  const url = `http://127.0.0.1:${mars.httpPort}`;
  const lifecycle = {
    stages: [{ event: "created" }, { event: "paid", after: "created", within: "1h" }],
    complete_on: ["paid"],
  };
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(lifecycle);
  await fetch(`${url}/api/apps/app-0/lifecycle`, { method: "PUT", headers, body });
  const events = Array.from({ length: messages * 3 }, (_, n) => ({
    app_id: `app-${n % 3}`,
    message_id: `message-${Math.floor(n / 9)}-${n % 3}`,
    event: ["created", "paid", "shipped"][Math.floor(n / 3) % 3]!,
    created_at: new Date(1_700_000_000_000 + n * 1_000).toISOString(),
    external_id: `external-${n}`,
    attributes: { n, text: "x".repeat(n % 50) },
  }));
  const seq = await sendBulk(url, events);
  await (await fetch(`${url}/api/findings?min_seq=${seq}`)).text();
  const answers = await ask(url);
  await mars.stop();
  return answers;
}

async function answersOf(dataDir: string, expected: readonly string[]): Promise<Outcome> {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog(),
    error: (message) => lines.push(message),
    warn: (message) => lines.push(message),
  };
  let mars: Awaited<ReturnType<typeof start>>;
  try {
    mars = await start(testConfig(dataDir), log, "test", bunServers);
  } catch {
    return "refused";
  }
  const url = `http://127.0.0.1:${mars.httpPort}`;
  try {
    await statsWhen(url, ({ database, store }) => (database?.rounds ?? 0) > 0 || store.last_error !== "");
    const answers = await ask(url);
    if (lines.length > 0) return "named";
    return answers.every((answer, index) => answer === expected[index] || answer === "error")
      ? "right"
      : "wrong";
  } finally {
    await mars.stop();
  }
}

/** What Mars says of everything that it has, without what differs from one start to the next. */
async function ask(url: string): Promise<string[]> {
  const paths = ["/api/messages?limit=1000", "/api/apps", "/api/findings?state=any&limit=1000"];
  for (let app = 0; app < 3; app++) {
    paths.push(`/api/messages?app_id=app-${app}&order=oldest&limit=1000`);
    paths.push(`/api/messages?event=shipped&app_id=app-${app}&limit=1000`);
    for (let n = app; n < messages / 3; n += 4)
      paths.push(`/api/apps/app-${app}/messages/message-${n}-${app}`);
    for (let n = app; n < messages * 3; n += 90) paths.push(`/api/messages?external_id=external-${n}`);
  }
  const answers: string[] = [];
  for (const path of paths) {
    const answer = await fetch(url + path);
    const text = await answer.text();
    const changing = /"(as_of_seq|clock)":("[^"]*"|\d+)/g;
    answers.push(answer.status >= 500 ? "error" : `${answer.status} ${text.replaceAll(changing, "")}`);
  }
  return answers;
}

async function flip(path: string, at: number, bit: number): Promise<void> {
  const file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  buffer[0]! ^= 1 << bit;
  await file.write(buffer, 0, 1, at);
  await file.close();
}

function silentLog(): Log {
  const nothing = () => undefined;
  return { debug: nothing, info: nothing, warn: nothing, error: nothing };
}

if (import.meta.main) await runAlone(run);
