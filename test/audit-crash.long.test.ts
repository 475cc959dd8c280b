/**
 * Kill -9 amid changes and events: what was answered is in the audit, and what is in the audit has been changed, no more and no less;
 * each event that was answered is stored once.
 */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MarsProcess, spawnMars } from "./support/process.ts";
import { mulberry32 } from "./support/random.ts";

type Json = Readonly<Record<string, unknown>>;

interface Entry {
  readonly action: string;
  readonly target: string;
  readonly new: { readonly version?: number; readonly id?: unknown } | null;
}

const rounds = 4;
const workers = 4;
const revocationsMaxMs = 5_000;

async function call({ url }: MarsProcess, request: string, body?: unknown): Promise<Json> {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  if (!response.ok) throw new Error(`${request}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Json;
}

/** Makes changes until Mars is killed. @param answered gets a text for each: its action and what it has changed */
async function change(mars: MarsProcess, name: string, answered: string[]): Promise<void> {
  const stages = [{ event: "A" }, { event: "B", within: "1h" }];
  const keys: unknown[] = [];
  try {
    for (let n = 1; ; n++) {
      const put = await call(mars, `PUT /api/apps/${name}/lifecycle`, {
        ...{ stages, complete_on: ["B"], grace: `${n}ms` },
      });
      answered.push(`putLifecycle ${name} ${put.version}`);
      const created = await call(mars, "POST /api/alerts/silences", { app_id: name, for: "1h" });
      const { id } = created.silence as Json;
      answered.push(`createAlertSilence ${id}`);
      const key = await call(mars, "POST /api/keys", { kind: "ro", apps: [name], name });
      answered.push(`createKey ${key.id}`);
      keys.push(key.id);
      if (n % 2 === 1) continue;
      const old = keys.shift();
      await call(mars, `DELETE /api/keys/${old}`);
      answered.push(`revokeKey ${old}`);
      await call(mars, `DELETE /api/alerts/silences/${id}`);
      answered.push(`deleteAlertSilence ${id}`);
    }
  } catch (error) {
    // Mars was killed, or a change was refused: then this was no test.
    if (/: \d{3} /.test(String(error))) throw error;
  }
}

/** Sends events until Mars is killed. @param answered gets the ids of their messages */
async function send(mars: MarsProcess, name: string, answered: string[]): Promise<void> {
  try {
    for (let n = 1; ; n++) {
      const events = Array.from({ length: 50 }, (_, k) => ({
        ...{ app_id: "load", message_id: `${name}-${n}-${k}`, event: "A", event_id: "1" },
      }));
      await call(mars, "POST /api/event/bulk", { events });
      answered.push(...events.map((one) => one.message_id));
      await Bun.sleep(5);
    }
  } catch (error) {
    if (/: \d{3} /.test(String(error))) throw error;
  }
}

/** Waits until the log is applied, what the kill has left in it, too. @returns the seq up to which it is */
async function applied(mars: MarsProcess): Promise<void> {
  const event = { app_id: "after", message_id: "m", event: "A" };
  const { seq } = await call(mars, "POST /api/event", event);
  await call(mars, `GET /api/messages?app_id=after&min_seq=${seq}`);
}

async function storedOf(mars: MarsProcess): Promise<string[]> {
  const stored: string[] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const after = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = await call(mars, `GET /api/messages?app_id=load&limit=1000${after}`);
    for (const one of page.messages as Json[]) stored.push(`${one.message_id} ${one.event_count}`);
    cursor = page.next_cursor;
  }
  return stored;
}

async function auditOf({ url }: MarsProcess): Promise<Entry[]> {
  const response = await fetch(`${url}/api/audit`, { headers: { accept: "application/x-ndjson" } });
  const lines = (await response.text()).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Entry);
}

const ids = (list: unknown) => (list as Json[]).map(({ id }) => String(id)).sort();
const targets = (entries: readonly Entry[], action: string) =>
  entries.filter((entry) => entry.action === action).map(({ target }) => target);
const left = (made: readonly string[], ended: readonly string[]) =>
  made.filter((one) => !ended.includes(one)).sort();

/**
 * A key that was being revoked is no more from the start on; its entry follows when the database has been read. So the audit may
 * be behind the keys for a moment, and only then.
 */
async function afterRevocations(mars: MarsProcess): Promise<{ entries: Entry[]; keys: unknown }> {
  for (const end = performance.now() + revocationsMaxMs; ; ) {
    const entries = await auditOf(mars);
    const { keys } = await call(mars, "GET /api/keys?limit=1000");
    const unrevoked = left(targets(entries, "createKey"), targets(entries, "revokeKey"));
    if (unrevoked.length <= ids(keys).length || performance.now() > end) return { entries, keys };
    await Bun.sleep(10);
  }
}

test("what was answered is in the audit, and what is in the audit was done", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-audit-"));
  const random = mulberry32(17);
  const answered: string[] = [];
  const sent: string[] = [];
  let mars = await spawnMars({ dataDir, env: { MARS_ANONYMOUS: "1" } });
  try {
    for (let round = 0; round < rounds; round++) {
      const names = Array.from({ length: workers }, (_, worker) => `app-${round}-${worker}`);
      const before = answered.length;
      const changing = Promise.all([
        ...names.map((name) => change(mars, name, answered)),
        ...[1, 2].map((sender) => send(mars, `${round}-${sender}`, sent)),
      ]);
      while (answered.length < before + 20) await Bun.sleep(1);
      await Bun.sleep(random() * 50);
      await mars.kill("SIGKILL");
      await changing;
      mars = await spawnMars({ dataDir, env: { MARS_ANONYMOUS: "1" } });
      await applied(mars);
      const { entries, keys } = await afterRevocations(mars);
      const recorded = entries.map(({ action, target, new: now }) =>
        action === "putLifecycle" ? `${action} ${target} ${now?.version}` : `${action} ${target}`,
      );
      expect(new Set(recorded).size).toBe(recorded.length);
      expect(answered.filter((one) => !recorded.includes(one))).toEqual([]);
      expect(ids(keys)).toEqual(left(targets(entries, "createKey"), targets(entries, "revokeKey")));
      const { silences } = await call(mars, "GET /api/alerts/silences");
      const silent = left(targets(entries, "createAlertSilence"), targets(entries, "deleteAlertSilence"));
      expect(ids(silences)).toEqual(silent);
      for (const name of names) {
        const { versions } = await call(mars, `GET /api/apps/${name}/lifecycle/versions`);
        const put = entries.filter(({ target }) => target === name).map(({ new: now }) => now?.version);
        expect((versions as Json[]).map(({ version }) => version)).toEqual(put);
      }
      const stored = await storedOf(mars);
      expect(new Set(stored).size).toBe(stored.length);
      const there = new Set(stored);
      expect(sent.filter((id) => !there.has(`${id} 1`))).toEqual([]);
    }
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}, 60_000);
