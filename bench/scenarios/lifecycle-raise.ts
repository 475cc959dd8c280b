/**
 * A million messages are open, each with a deadline, and events keep coming: how long after due and grace does the finding
 * of a missing event reach a subscriber?
 */
import type { Bench, Mars } from "../bench.ts";
import { stopAndVerify } from "../compare.ts";
import { messageId, newRun } from "../events.ts";
import { median, number, spreadOf } from "../figures.ts";
import type { Outcome, Scenario } from "../scenario.ts";

const openMessages = 1_000_000;
const usualSeconds = 60;
const p99MsMax = 1_000;
const growthMax = 1.15;
const graceMs = 100;
/** Of what comes meanwhile: messages a second, and how many of a hundred stop after their first event. */
const messagesPerSecond = 1_000;
const stuckPercent = 10;
const tickMs = 50;
const requestEvents = 5_000;

/** The million's deadlines lie evenly in the hour that follows, so that some are due at any time. */
const waiting = {
  stages: [{ event: "CREATED" }, { event: "DELIVERED", within: "2h" }],
  complete_on: ["DELIVERED"],
  grace: `${graceMs}ms`,
};
const coming = { ...waiting, stages: [{ event: "CREATED" }, { event: "DELIVERED", within: "2s" }] };

export const lifecycleRaise: Scenario = { name: "lifecycle-raise", tools: [], run };

async function run(bench: Bench): Promise<Outcome> {
  const seconds = bench.seconds(usualSeconds);
  const mars = await bench.startMars();
  await put(mars, "waiting", waiting);
  await put(mars, "coming", coming);
  const filled = await fill(mars);
  const watch = await watchFindings(mars);
  const memory: number[] = [];
  const sampler = setInterval(() => memory.push(mars.memory().now), 1_000);
  const sent = await send(mars, seconds);
  await Bun.sleep(3_500);
  clearInterval(sampler);
  watch.close();
  const delays = watch.delays.toSorted((a, b) => a - b);
  const at = (percent: number) =>
    delays[Math.min(delays.length - 1, Math.ceil((percent / 100) * delays.length) - 1)]!;
  const third = memory.length / 3;
  const growth = median(memory.slice(2 * third)) / median(memory.slice(third, 2 * third));
  const { peak } = mars.memory();
  const faults = [
    ...(watch.received < sent.stuck
      ? [`lifecycle-raise: ${watch.received} findings of ${sent.stuck} came`]
      : []),
    ...(await stopAndVerify(mars, {
      name: "lifecycle-raise",
      turns: [{ acknowledged: filled + sent.events, unanswered: 0 }],
      distinct: true,
    })),
  ];
  return {
    rows: [
      {
        name: `lifecycle-raise, ${number(openMessages)} open`,
        unit: "ms after due + grace, p99",
        mars: spreadOf([at(99)]),
        bar: `≤ ${p99MsMax} ms, memory flat`,
        met: at(99) <= p99MsMax && growth <= growthMax,
        p50: { mars: at(50) },
        p99: { mars: at(99) },
        peakBytes: { mars: peak },
        notes: [
          `${number(delays.length)} findings, the latest ${number(at(100))} ms after`,
          `${number(sent.events / seconds)} events/s came in meanwhile`,
          `memory: last third to middle third ${number(growth)} (flat: ≤ ${growthMax})`,
        ],
      },
    ],
    faults,
  };
}

async function put(mars: Mars, app: string, definition: unknown): Promise<void> {
  const init = {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(definition),
  };
  const response = await fetch(`${mars.url}/api/apps/${app}/lifecycle`, init);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
}

/** Opens the million, with times from two hours ago to one: the first of them is due in a minute. */
async function fill(mars: Mars): Promise<number> {
  const run = newRun();
  const start = Date.now() - 2 * 3_600_000;
  for (let n = 0; n < openMessages; n += requestEvents) {
    const events = Array.from({ length: requestEvents }, (_, i) => ({
      app_id: "waiting",
      message_id: messageId(n + i, run),
      event: "CREATED",
      created_at: new Date(start + 60_000 + ((n + i) / openMessages) * 3_600_000).toISOString(),
    }));
    await post(mars, events);
  }
  await mars.caughtUp();
  return openMessages;
}

async function send(mars: Mars, seconds: number): Promise<{ events: number; stuck: number }> {
  const run = newRun();
  const end = Date.now() + seconds * 1_000;
  let [n, events, stuck] = [0, 0, 0];
  let before: string[] = [];
  while (Date.now() < end) {
    const ids = Array.from({ length: (messagesPerSecond * tickMs) / 1_000 }, () => messageId(n++, run));
    const of = (event: string) => (message_id: string) => ({ app_id: "coming", message_id, event });
    const going = before.filter((_, index) => index % 100 >= stuckPercent);
    stuck += before.length - going.length;
    const batch = [...ids.map(of("CREATED")), ...going.map(of("DELIVERED"))];
    const started = Date.now();
    await post(mars, batch);
    events += batch.length;
    before = ids;
    await Bun.sleep(Math.max(0, tickMs - (Date.now() - started)));
  }
  return { events, stuck };
}

async function post(mars: Mars, events: unknown): Promise<void> {
  for (;;) {
    const response = await fetch(`${mars.url}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ events }),
    });
    const text = await response.text();
    if (response.status === 200) return;
    if (response.status !== 429) throw new Error(`${response.status} ${text}`);
    await Bun.sleep(1_000);
  }
}

/** Counts how long after due and grace each finding came, by this machine's one clock. */
async function watchFindings(mars: Mars) {
  const delays: number[] = [];
  let received = 0;
  const socket = new WebSocket(`${mars.url.replace("http", "ws")}/ws`);
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error("the socket did not open"));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as {
        type: string;
        finding?: { app_id: string; due_at: string; retracted_at: string | null };
      };
      if (frame.type === "subscribed") resolve();
      if (frame.finding === undefined || frame.finding.retracted_at !== null) return;
      if (frame.finding.app_id === "coming") received += 1;
      delays.push(Date.now() - Date.parse(frame.finding.due_at) - graceMs);
    };
    socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", topic: "findings" }));
  });
  return {
    delays,
    get received() {
      return received;
    },
    close: () => socket.close(),
  };
}
