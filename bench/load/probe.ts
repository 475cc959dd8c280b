/**
 * Live latency, measured in a process of its own so that nothing but the server and the machine disturbs it: one WebSocket on
 * `apps/probe`, and events of that app over a few keep-alive connections at a steady pace. From before an event is sent to
 * the arrival of its frame.
 *
 *     bun bench/load/probe.ts URL SECONDS      prints a `Probe`
 */
import { messageId, newRun } from "../events.ts";
import { percentile } from "../figures.ts";

export interface Probe {
  readonly acknowledged: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Acknowledged events whose frames did not come. */
  readonly missing: number;
}

/** Events a second: enough for a 99th percentile, too few to be a load. */
const pace = 150;
const patienceMs = 10_000;

const [url = "", secondsText = ""] = process.argv.slice(2);
const seconds = Number(secondsText);
const run = newRun();
const sentAt = new Map<string, number>();
const latencies: number[] = [];
const subscribed = Promise.withResolvers<void>();

const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", topic: "apps/probe" }));
socket.onmessage = ({ data }) => {
  const now = performance.now();
  const frame = JSON.parse(String(data)) as { type: string; event?: { message_id: string } };
  if (frame.type === "subscribed") subscribed.resolve();
  const sent = sentAt.get(frame.event?.message_id ?? "");
  if (frame.event === undefined || sent === undefined) return;
  sentAt.delete(frame.event.message_id);
  latencies.push(now - sent);
};
socket.onclose = ({ code, reason }) => subscribed.reject(new Error(`closed with ${code} ${reason}`));
await subscribed.promise;

const answers: Promise<void>[] = [];
const started = performance.now();
for (let n = 0; n < seconds * pace; n++) {
  const wait = started + (n * 1000) / pace - performance.now();
  if (wait > 0) await Bun.sleep(wait);
  answers.push(send(messageId(n, run)));
}
await Promise.all(answers);
const deadline = performance.now() + patienceMs;
while (sentAt.size > 0 && performance.now() < deadline) await Bun.sleep(5);
const result: Probe = {
  acknowledged: answers.length,
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
  missing: sentAt.size,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

async function send(id: string): Promise<void> {
  sentAt.set(id, performance.now());
  const response = await fetch(`${url}/api/event`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"app_id":"probe","message_id":"${id}","event":"SENT"}`,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
}
