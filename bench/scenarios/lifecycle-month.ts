/** The cost of a funnel and of latencies over thirty days of messages. */
import type { Bench, Mars } from "../bench.ts";
import { stopAndVerify } from "../compare.ts";
import { messageId, newRun } from "../events.ts";
import { median, number, spreadOf } from "../figures.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";
import { putLifecycle } from "./lifecycle-ingest.ts";

const msMax = 100;
const days = 30;
const requestMessages = 5_000;
const questions = 50;
/** The filling waits for the store now and then, so that it is behind by seconds at the end, and not by half an hour. */
const behindMax = 500_000;

const definition = {
  stages: [{ event: "CREATED" }, { event: "DELIVERED", within: "1h" }],
  complete_on: ["DELIVERED"],
};

export const lifecycleMonth: Scenario = { name: "lifecycle-month", tools: [], run };

async function run(bench: Bench): Promise<Outcome> {
  const mars = await bench.startMars();
  await putLifecycle(mars, definition);
  const until = Date.now();
  const events = await fill(mars, bench.messages, until);
  const rows: Row[] = [];
  for (const question of ["funnel", "latency"]) {
    // Neither end is a whole day, nor a whole hour.
    const since = new Date(until - days * 86_400_000 + 61_000).toISOString();
    const path = `${mars.url}/api/apps/bench/${question}?since=${since}&until=${new Date(until - 1_000).toISOString()}`;
    const took: number[] = [];
    for (let n = 0; n < questions; n++) {
      const started = performance.now();
      const response = await fetch(path);
      const text = await response.text();
      took.push(performance.now() - started);
      if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    }
    const p99 = took.toSorted((a, b) => a - b).at(-1)!;
    rows.push({
      name: `lifecycle-month, ${question}`,
      unit: `ms, ${days} days of ${number(bench.messages)} messages`,
      mars: spreadOf(took),
      bar: `≤ ${msMax} ms`,
      met: p99 <= msMax,
      p50: { mars: median(took) },
      p99: { mars: p99 },
    });
  }
  const faults = await stopAndVerify(mars, {
    name: "lifecycle-month",
    turns: [{ acknowledged: events, unanswered: 0 }],
    distinct: true,
  });
  return { rows, faults };
}

/** Evenly over the days: every minute has its messages. */
async function fill(mars: Mars, messages: number, until: number): Promise<number> {
  const run = newRun();
  const step = (days * 86_400_000) / messages;
  for (let n = 0; n < messages; n += requestMessages) {
    const events: string[] = [];
    for (let i = n; i < Math.min(messages, n + requestMessages); i++) {
      const at = until - days * 86_400_000 + i * step;
      // Most take seconds, a few take an hour, and one in a hundred never comes.
      const took = 500 + ((i * 2_654_435_761) % 60_000) * (i % 50 === 0 ? 30 : 1);
      events.push(eventText(i, run, "CREATED", at));
      if (i % 100 !== 7) events.push(eventText(i, run, "DELIVERED", at + took));
    }
    await post(mars, `{"events":[${events.join(",")}]}`);
    while (await isBehind(mars)) await Bun.sleep(50);
  }
  await mars.caughtUp();
  return messages + messages - Math.ceil((messages - 7) / 100);
}

async function isBehind(mars: Mars): Promise<boolean> {
  const { store, projector } = await mars.stats();
  return store.behind + projector.behind > behindMax;
}

function eventText(n: number, run: string, event: string, at: number): string {
  return `{"app_id":"bench","message_id":"${messageId(n, run)}","event":"${event}","created_at":"${new Date(at).toISOString()}"}`;
}

async function post(mars: Mars, body: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${mars.url}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await response.text();
    if (response.status === 200) return;
    if (response.status !== 429) throw new Error(`${response.status} ${text}`);
    await Bun.sleep(1_000);
  }
}
