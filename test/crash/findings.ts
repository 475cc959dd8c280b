/**
 * `npm run test:findings`: random lifecycles of messages, their events shuffled, repeated, split over batches and late, sent
 * to a Mars that is killed in between. At the end what it has found must be what a naive model says: nothing missed,
 * nothing false, nothing doubled.
 *
 *     --messages N        how many (default 3,000)
 *     --rounds N          how many kills (default 10)
 *     --binary PATH       the compiled program instead of the source tree
 *     --seed N
 *
 * Nothing false means two things: what holds at the end is what the model says, and nothing was called missing whose
 * event had been acknowledged by then.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type NaiveEvent, type NaiveLifecycle, naiveFindings } from "../support/naive-lifecycle.ts";
import { spawnMars } from "../support/process.ts";
import { mulberry32 } from "../support/random.ts";
import { FindingWatcher } from "./finding-watcher.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "3000" },
    rounds: { type: "string", default: "10" },
    binary: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const messages = Number(values.messages);
const rounds = Number(values.rounds);
const random = mulberry32(Number(values.seed));
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

const second = 1_000_000;
const json = {
  stages: [
    { event: "CREATED" },
    { event: "ACCEPTED", after: "CREATED", within: "400ms" },
    { event: "QUEUED", after: "ACCEPTED", within: "200ms", optional: true },
    { any_of: ["SMS", "PUSH"], after: ["ACCEPTED", "QUEUED"], within: "600ms" },
    { event: "SEEN", after: "CREATED", within: "2s" },
    { event: "ACKED", after: "ACCEPTED", within: "600ms", each: { of: "to", by: "by" } },
    { event: "COPIED", after: "ACKED", within: "500ms", times: 2 },
  ],
  complete_on: ["SEEN"],
  fail_on: ["BOUNCED"],
  grace: "100ms",
};
const lifecycle: NaiveLifecycle = {
  stages: [
    { names: ["CREATED"], after: [] },
    { names: ["ACCEPTED"], after: ["CREATED"], within: 0.4 * second },
    { names: ["QUEUED"], after: ["ACCEPTED"], within: 0.2 * second, optional: true },
    { names: ["SMS", "PUSH"], after: ["ACCEPTED", "QUEUED"], within: 0.6 * second },
    { names: ["SEEN"], after: ["CREATED"], within: 2 * second },
    { names: ["ACKED"], after: ["ACCEPTED"], within: 0.6 * second, each: { of: "to", by: "by" } },
    { names: ["COPIED"], after: ["ACKED"], within: 0.5 * second, times: 2 },
  ],
  completeOn: ["SEEN"],
  failOn: ["BOUNCED"],
  grace: 0.1 * second,
};
const names = [
  ...["CREATED", "ACCEPTED", "QUEUED", "SMS", "PUSH", "ACKED", "ACKED", "COPIED", "COPIED", "SEEN"],
  ...["BOUNCED", "OTHER"],
];
const clients = ["a", "b", "c"];

interface Sent extends NaiveEvent {
  readonly messageId: string;
  /** When it was acknowledged, in microseconds; absent before that. */
  acknowledgedAt?: number;
}

const command = values.binary === undefined ? undefined : [values.binary];
const dataDir = await mkdtemp(join(tmpdir(), "mars-findings-"));
const watcher = new FindingWatcher();
const sentEvents = new Map<string, Sent[]>();
const faults: string[] = [];
let pending: Sent[] = [];
say(`${messages} messages, ${rounds} × SIGKILL, seed ${values.seed}`);

let mars = await start();
const put = await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
  method: "PUT",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(json),
});
if (put.status !== 200) throw new Error(`${put.status} ${await put.text()}`);
for (let round = 0; round <= rounds; round++) {
  const made = Math.ceil(messages / (rounds + 1));
  for (let n = 0; n < made; n++) makeLife(`m${round}-${n}`);
  shuffle(pending);
  const end = Date.now() + 700 + random() * 1_500;
  const killed = round < rounds ? killAt(end) : undefined;
  await sendAll();
  await killed;
  if (round < rounds) mars = await start();
}
await sendAll();
if (pending.length > 0) throw new Error(`${pending.length} events were never acknowledged`);
await quiet();
const stored = await storedFindings();
await mars.kill("SIGTERM");

const wanted = new Map<string, string>();
for (const [messageId, events] of sentEvents) {
  for (const { kind, stage, dueAt, lateBy } of naiveFindings(lifecycle, events)) {
    wanted.set(`${messageId} ${kind} ${stage}`, `${dueAt} ${lateBy}`);
  }
}
let missed = 0;
let wrong = 0;
for (const [key, value] of wanted) if (stored.get(key) !== value) missed += 1;
for (const [key, value] of stored) if (wanted.get(key) !== value) wrong += 1;
const early = watcher.findings.filter(calledMissingWhileAcknowledged);
for (const [key, value] of watcher.holding) if (stored.get(key) !== value) wrong += 1;
if (watcher.holding.size !== stored.size)
  faults.push(`the watcher holds ${watcher.holding.size}, ${stored.size} are stored`);
faults.push(...watcher.faults);
const counts = Object.entries(Object.groupBy([...stored.keys()], (key) => key.split(" ")[1]!));
say(
  `${sentEvents.size} messages, ${stored.size} findings (${counts.map(([kind, of]) => `${of?.length} ${kind}`).join(", ")}), ` +
    `${watcher.findings.length} changes seen: ${missed} missed, ${wrong + early.length} false, ${watcher.faults.length} doubled`,
);
for (const fault of [
  ...early.slice(0, 5).map((one) => `early: ${JSON.stringify(one)}`),
  ...faults.slice(0, 20),
])
  say(`FAULT ${fault}`);
const ok = stored.size > 0 && missed + wrong + early.length + faults.length === 0;
say(ok ? "PASS" : `FAIL; the files are in ${dataDir}`);
if (ok) await rm(dataDir, { recursive: true, force: true });
process.exit(ok ? 0 : 1);

async function start() {
  const started = await spawnMars({
    dataDir,
    ...(command && { command }),
    env: { MARS_START_GRACE: "300ms" },
  });
  watcher.connect(started.url);
  return started;
}

async function killAt(end: number): Promise<void> {
  await Bun.sleep(Math.max(0, end - Date.now()));
  watcher.disconnect();
  await mars.kill("SIGKILL");
}

/** The random events of a message: mostly in order and in time, sometimes neither. */
function makeLife(messageId: string): void {
  const events: Sent[] = [];
  let at = Date.now() * 1_000 + Math.floor(random() * second);
  const add = (event: string, createdAt: number) => {
    const attributes = attributesOf(event);
    const known = events.find(
      (one) => one.event === event && one.createdAt === createdAt && one.attributes === attributes,
    );
    if (known === undefined) events.push({ messageId, event, createdAt, attributes });
  };
  const wild = random() < 0.2;
  for (const name of wild
    ? Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(names))
    : names.slice(0, 10)) {
    if (!wild && random() < 0.08) continue;
    add(name, at);
    at += Math.floor(random() * (random() < 0.1 ? 1.5 : 0.3) * second) * (wild && random() < 0.3 ? -1 : 1);
  }
  if (events.length === 0) add("CREATED", at);
  sentEvents.set(messageId, events);
  for (const event of events) {
    pending.push(event);
    if (random() < 0.1) pending.push(event);
  }
}

/** Who is to acknowledge, or who does; mostly those who should. */
function attributesOf(event: string): string {
  if (event === "ACCEPTED" && random() < 0.9)
    return JSON.stringify({ to: clients.filter(() => random() < 0.5) });
  return event === "ACKED" ? JSON.stringify({ by: random() < 0.05 ? "z" : pick(clients) }) : "";
}

/** Sends what is pending in batches of random sizes, each about when its events happened, until Mars is gone. */
async function sendAll(): Promise<void> {
  const left = pending.toSorted((a, b) => a.createdAt - b.createdAt);
  pending = [];
  while (left.length > 0) {
    const batch = left.splice(0, 1 + Math.floor(random() * 120));
    // Some come late, with those behind them.
    if (random() < 0.2) left.push(...batch.splice(0, Math.floor(batch.length / 3)));
    const wait = batch.length === 0 ? 0 : batch.at(-1)!.createdAt / 1_000 - Date.now();
    if (wait > 0) await Bun.sleep(Math.min(wait, 300));
    shuffle(batch);
    if (batch.length > 0 && !(await send(batch))) {
      pending = [...batch, ...left];
      return;
    }
  }
}

async function send(batch: readonly Sent[]): Promise<boolean> {
  const events = batch.map(({ messageId, event, createdAt, attributes = "" }) => ({
    app_id: "shop",
    message_id: messageId,
    event,
    ...(attributes !== "" && { attributes: JSON.parse(attributes) as unknown }),
    created_at: new Date(createdAt / 1_000)
      .toISOString()
      .replace("Z", `${String(createdAt % 1_000).padStart(3, "0")}Z`),
  }));
  try {
    const response = await fetch(`${mars.url}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ events }),
    });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  } catch (error) {
    if (
      !(
        error instanceof Error &&
        /connect|socket|closed|reset|refused/i.test(`${error.message} ${(error as { code?: string }).code}`)
      )
    )
      throw error;
    return false;
  }
  const now = Date.now() * 1_000;
  for (const one of batch) one.acknowledgedAt ??= now;
  return true;
}

/** Waits until everything is projected and every deadline has passed, with what the start-up grace takes. */
async function quiet(): Promise<void> {
  const last = Math.max(...[...sentEvents.values()].flat().map(({ createdAt }) => createdAt));
  const deadline = last / 1_000 + 2_000 + 100;
  const stats = async () => {
    const body = (await (await fetch(`${mars.url}/api/q/stats`)).json()) as {
      store: { behind: number };
      projector: { behind: number };
    };
    return body.store.behind + body.projector.behind;
  };
  await Bun.sleep(Math.max(0, deadline - Date.now()) + 1_300);
  while ((await stats()) > 0) await Bun.sleep(20);
  const page = (await (await fetch(`${mars.url}/api/findings?state=any&limit=1`)).json()) as {
    as_of_seq: number;
  };
  await watcher.reached(page.as_of_seq, 10_000);
}

async function storedFindings(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let cursor = ""; ; ) {
    const response = await fetch(`${mars.url}/api/findings?limit=1000${cursor && `&cursor=${cursor}`}`);
    const page = (await response.json()) as {
      findings: Parameters<typeof FindingWatcher.keyOf>[0][];
      next_cursor: string | null;
    };
    for (const finding of page.findings) {
      const [key, value] = FindingWatcher.keyOf(finding);
      if (found.has(key)) faults.push(`twice in the list: ${key}`);
      found.set(key, value);
    }
    if (page.next_cursor === null) return found;
    cursor = page.next_cursor;
  }
}

/**
 * Whether an event that had been acknowledged before would have kept it from being raised, whichever of those that were
 * not acknowledged by then Mars had: one that is on its way may well be stored.
 */
function calledMissingWhileAcknowledged(finding: FindingWatcher["findings"][number]): boolean {
  if (finding.kind !== "missing" || finding.retracted_at !== null) return false;
  const raisedAt = Date.parse(finding.raised_at) * 1_000;
  const { had = [], unknown = [] } = Object.groupBy(
    sentEvents.get(finding.message_id) ?? [],
    ({ acknowledgedAt = Number.POSITIVE_INFINITY }) => (acknowledgedAt < raisedAt ? "had" : "unknown"),
  );
  return !subsets(unknown).some((some) =>
    naiveFindings(lifecycle, [...had, ...some]).some(
      ({ kind, stage }) => kind === "missing" && stage === finding.stage,
    ),
  );
}

/** All of them: of a message's few events. */
function subsets<Item>(items: readonly Item[]): Item[][] {
  const all: Item[][] = [[]];
  for (const item of items) all.push(...all.map((some) => [...some, item]));
  return all;
}

function shuffle(items: unknown[]): void {
  for (let n = items.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [items[n], items[other]] = [items[other], items[n]];
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
