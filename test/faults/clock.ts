/**
 * The clock steps, by libfaketime, while Mars runs or at its start, and is put right a few seconds later; or it is behind from
 * the start on, and is put right while messages are under way. Nothing may be deleted early, nothing called missing or late that
 * is not, nothing raised twice; and afterwards finding and retention go on as ever.
 *
 *     bun test/faults/clock.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faketimeEnv } from "../support/faketime.ts";
import { spawnMars } from "../support/process.ts";
import { getJson, messageUrl, send } from "../support/rest.ts";
import { until } from "../support/until.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const hour = 3_600;
const day = 24 * hour;
const offsets = [hour, -hour, day, -day, 400 * day, -400 * day, 300 * 365 * day];
const retentionMs = 9_000;
/** By so much the clock is behind before it is put right. */
const behind = [5, 20, hour, 400 * day];

interface Case {
  readonly offset: number;
  readonly at: "start" | "running";
}

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const cases: Case[] = full
    ? offsets.flatMap((offset): Case[] => [
        { offset, at: "running" },
        { offset, at: "start" },
      ])
    : [
        { offset: 400 * day, at: "running" },
        { offset: -hour, at: "running" },
        { offset: day, at: "start" },
      ];
  let findings = 0;
  for (let first = 0; first < cases.length; first += 3) {
    const some = cases.slice(first, first + 3);
    findings += (await Promise.all(some.map((one) => check(one, binary)))).reduce((a, b) => a + b);
  }
  const late = full ? behind : [20];
  const under = await Promise.all(late.map((seconds) => checkBehind(seconds, binary)));
  return `${cases.length} steps of the clock, 0 messages deleted early, ${findings} findings, 0 false, 0 doubled; behind by ${late.join(", ")} s and put right, ${under.join(", ")} messages under way: 0 false, what was stuck is found on time`;
}

/** The clock's offset is in a file of the data directory. */
function startAt(dataDir: string, binary: string | undefined, env: Record<string, string>) {
  return spawnMars({
    dataDir,
    ...(binary !== undefined && { command: [binary] }),
    env: {
      ...faketimeEnv(join(dataDir, "offset")),
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      MARS_LOG_LEVEL: "error",
      ...env,
    },
  });
}

/** @returns how many messages were under way when the clock was put right */
async function checkBehind(seconds: number, binary: string | undefined): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-clock-"));
  const step = (by: number) => writeFile(join(dataDir, "offset"), `${by < 0 ? "" : "+"}${by}\n`);
  await step(-seconds);
  const mars = await startAt(dataDir, binary, { MARS_START_GRACE: "off" });
  const report = async (app: string, id: string, event: string, byWrong = false) => {
    const at = new Date(Date.now() - (byWrong ? seconds * 1_000 : 0)).toISOString();
    // Every other one by a client on the same machine.
    const stamp = id.endsWith("c") ? { created_at: at } : {};
    await send(mars.url, { app_id: app, message_id: id, event, ...stamp });
  };
  let right = false;
  try {
    await put(mars.url, "quick", "5s");
    await put(mars.url, "slow", "18s");
    const seen: Promise<void>[] = [];
    const underway = Array.from({ length: 20 }, (_, n) => `m${n}${n % 2 === 0 ? "" : "c"}`);
    for (const id of underway) {
      await report("quick", id, "CREATED", true);
      await report("slow", id, "CREATED", true);
      // Those that come before the step bear the time of the wrong clock as well.
      seen.push(Bun.sleep(2_300).then(() => report("quick", id, "SEEN", !right)));
      seen.push(Bun.sleep(14_500).then(() => report("slow", id, "SEEN", !right)));
      await Bun.sleep(100);
    }
    const stuckAt = performance.now();
    await report("slow", "stuck", "CREATED");
    await Bun.sleep(200);
    await step(0);
    right = true;
    await report("quick", "after", "CREATED");
    await Promise.all(seen);
    await found(mars.url, ["after", "stuck"]);
    const tookMs = performance.now() - stuckAt;
    if (tookMs < 18_000 || tookMs > 22_000) throw new Error(`stuck was found after ${tookMs} ms of 18,000`);
    await Bun.sleep(1_000);
    await found(mars.url, ["after", "stuck"]);
    const { clock } = await getJson<{ clock: { behind_ms: number } }>(`${mars.url}/api/q/stats`);
    if (Math.abs(clock.behind_ms - seconds * 1_000) > 1_000)
      throw new Error(`behind by ${clock.behind_ms} ms`);
    return underway.length;
  } catch (error) {
    throw new Error(`behind by ${seconds} s: ${error}`, { cause: error });
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function check({ offset, at }: Case, binary: string | undefined): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-clock-"));
  const file = join(dataDir, "offset");
  const step = (seconds: number) => writeFile(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  await step(0);
  const start = () =>
    startAt(dataDir, binary, {
      MARS_RETENTION: `${retentionMs}ms`,
      // At the start the clock is put right within it.
      MARS_START_GRACE: "4s",
    });
  let mars = await start();
  try {
    await put(mars.url, "slow", "30m");
    await put(mars.url, "quick", "300ms");
    const sentAt = performance.now();
    const kept = ["open", "plain"];
    await send(mars.url, { app_id: "slow", message_id: "open", event: "CREATED" });
    await send(mars.url, { app_id: "plain", message_id: "plain", event: "CREATED" });
    await send(mars.url, { app_id: "quick", message_id: "stuck", event: "CREATED" });
    await found(mars.url, ["stuck"]);
    if (at === "start") {
      await mars.kill("SIGTERM");
      await step(offset);
      mars = await start();
    } else {
      await Bun.sleep(Math.max(0, sentAt + 3_500 - performance.now()));
      await step(offset);
    }
    await send(mars.url, { app_id: "plain", message_id: "during", event: "CREATED" });
    const duringAt = performance.now();
    await until(
      () => isThere(mars.url, "plain", "during"),
      () => "during was not stored",
    );
    kept.push("during");
    if (at === "running") await noticed(mars.url);
    await holds(2_000);
    await step(0);
    await holds(1_000);

    await send(mars.url, { app_id: "quick", message_id: "after", event: "CREATED" });
    // After a slow restart it may take so long to be believed that the first of them is gone for its age.
    await found(mars.url, ["after"], "stuck");
    await gone(mars.url, "plain", sentAt);
    await gone(mars.url, "during", duringAt);
    await found(mars.url, ["stuck", "after"], true);
    if (!(await isThere(mars.url, "slow", "open"))) throw new Error("a message with a deadline was deleted");
    return 2;

    async function holds(forMs: number): Promise<void> {
      const end = performance.now() + forMs;
      while (performance.now() < end) {
        for (const id of kept) {
          if (!(await isThere(mars.url, id === "open" ? "slow" : "plain", id)))
            throw new Error(`${id} was deleted early`);
        }
        await found(mars.url, ["stuck"], true);
        await Bun.sleep(50);
      }
    }
  } catch (error) {
    throw new Error(`a step of ${offset} s, ${at}: ${error}`, { cause: error });
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function put(url: string, app: string, within: string): Promise<void> {
  const definition = {
    stages: [{ event: "CREATED" }, { event: "SEEN", within }],
    complete_on: ["SEEN"],
    grace: "0s",
  };
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(definition);
  const response = await fetch(`${url}/api/apps/${app}/lifecycle`, { method: "PUT", headers, body });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
}

/**
 * Waits until these are missing, and nothing else but `old`, each by one change; they may be gone for being old where that is
 * `true`.
 */
async function found(url: string, awaited: readonly string[], old: boolean | string = false): Promise<void> {
  const wanted = typeof old === "string" ? [...awaited, old] : awaited;
  type Page = { findings: { message_id: string; kind: string; retracted_at: string | null }[] };
  const read = async () => (await getJson<Page>(`${url}/api/findings?state=any`)).findings;
  let seen = await read();
  if (old !== true) {
    await until(
      async () => {
        seen = await read();
        return awaited.every((id) => seen.some(({ message_id }) => message_id === id));
      },
      () => `findings ${JSON.stringify(seen)}, wanted ${wanted}`,
    );
  }
  const wrong = seen.filter(
    ({ message_id, kind, retracted_at }) =>
      !wanted.includes(message_id) || kind !== "missing" || retracted_at !== null,
  );
  const { projector } = await getJson<{ projector: { findings: { raised: number; retracted: number } } }>(
    `${url}/api/q/stats`,
  );
  if (wrong.length > 0 || projector.findings.retracted > 0 || projector.findings.raised > wanted.length)
    throw new Error(`false or doubled: ${JSON.stringify(wrong)}, ${JSON.stringify(projector.findings)}`);
}

/** The step is counted, and health has a word of it. */
async function noticed(url: string): Promise<void> {
  const { clock } = await getJson<{ clock: { steps: number } }>(`${url}/api/q/stats`);
  if (clock.steps !== 1) throw new Error(`${clock.steps} steps were counted`);
  const ready = await (await fetch(`${url}/readyz`)).text();
  if (!ready.includes("the clock went")) throw new Error(`health does not say it: ${ready}`);
}

async function isThere(url: string, app: string, id: string): Promise<boolean> {
  const { status } = await fetch(messageUrl(url, app, id));
  if (status !== 200 && status !== 404) throw new Error(`${id}: ${status}`);
  return status === 200;
}

/** Waits until retention takes the message, not before its time. */
async function gone(url: string, id: string, sentAt: number): Promise<void> {
  await until(
    async () => !(await isThere(url, "plain", id)),
    () => `${id} is still there`,
    30_000,
  );
  const keptMs = performance.now() - sentAt;
  if (keptMs < retentionMs - 50) throw new Error(`${id} was kept for ${keptMs} ms of ${retentionMs}`);
}

if (import.meta.main) await runAlone(run);
