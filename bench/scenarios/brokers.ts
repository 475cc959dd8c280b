/** Messages that wait in a broker, read by Mars, against the empty consumer of the same client library in the same turn. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { testEngines } from "../../test/brokers/engines/engines.ts";
import type { TestBroker } from "../../test/brokers/engines/test-broker.ts";
import type { Bench, Mars } from "../bench.ts";
import { spreadOf } from "../figures.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";

/** Those of which the control has an empty consumer. */
const engines = ["nats", "redis", "rabbitmq"];
const messages = 50_000;
const publishedAtOnce = 1_000;
const ratioMin = 0.5;
/** Where the control does twice as many. */
const rateMin = 50_000;
const lookMs = 20;
const patienceMs = 120_000;

export const brokers: Scenario = { name: "brokers", tools: ["nats-server", "redis-server"], run };

async function run(bench: Bench): Promise<Outcome> {
  const rows: Row[] = [];
  const faults: string[] = [];
  for (const engine of engines) {
    const start = testEngines[engine];
    if (start === undefined) throw new Error(`${engine} cannot be started`);
    const rates: { mars: number; control: number }[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const directory = bench.newDirectory();
      await mkdir(directory, { recursive: true });
      const broker = await start(directory);
      const mars = await bench.startMars();
      try {
        await broker.prepare();
        await publish(broker);
        const control = await consume(broker);
        // A queue has nothing left.
        if (engine === "rabbitmq") await publish(broker);
        rates.push({ mars: await read(mars, broker, faults), control });
      } finally {
        await mars.stop();
        await broker.stop();
      }
    }
    rows.push(rowOf(engine, rates));
  }
  return { rows, faults };
}

function rowOf(engine: string, rates: readonly { mars: number; control: number }[]): Row {
  const mars = spreadOf(rates.map(({ mars }) => mars));
  const control = spreadOf(rates.map(({ control }) => control));
  const fast = control.median >= 2 * rateMin;
  return {
    name: `brokers ${engine}`,
    unit: "messages/s",
    mars,
    control: { name: "empty consumer", spread: control },
    bar: `ratio ≥ ${ratioMin}${fast ? `, ≥ ${rateMin}` : ""}`,
    met: mars.median >= ratioMin * control.median && (!fast || mars.median >= rateMin),
  };
}

let published = 0;

async function publish(broker: TestBroker): Promise<void> {
  for (let at = 0; at < messages; at += publishedAtOnce) {
    const some = Array.from({ length: publishedAtOnce }, () => {
      const id = `m-${published++}`;
      const event = { app_id: "shop", message_id: id, event: "created", attributes: { total: 12.5 } };
      return { id, body: JSON.stringify(event) };
    });
    await broker.publish(some);
  }
}

/** @returns messages a second */
async function consume(broker: TestBroker): Promise<number> {
  const control = join(import.meta.dir, "../controls/broker-consumer.ts");
  const args = [control, broker.engine, broker.url(), String(messages)];
  const child = Bun.spawn([process.execPath, ...args], { stdout: "pipe", stderr: "inherit" });
  const rate = Number(await new Response(child.stdout).text());
  if ((await child.exited) !== 0) throw new Error(`the control of ${broker.engine} has failed`);
  return rate;
}

/** From the call that makes the collector on. @returns messages a second */
async function read(mars: Mars, broker: TestBroker, faults: string[]): Promise<number> {
  const began = performance.now();
  await fetch(`${mars.url}/api/collectors/bench`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: broker.url() }),
  });
  for (;;) {
    const answer = await fetch(`${mars.url}/api/collectors/bench`);
    const status = (await answer.json()) as { messages: number; events: number; refused: number };
    const ms = performance.now() - began;
    if (status.messages === messages) {
      const { totals } = await mars.caughtUp();
      if (status.refused > 0 || totals.stored !== messages)
        faults.push(`${broker.engine}: ${totals.stored} of ${messages} stored, ${status.refused} refused`);
      return (messages / ms) * 1_000;
    }
    if (ms > patienceMs) throw new Error(`${broker.engine}: ${status.messages} of ${messages} read`);
    await Bun.sleep(lookMs);
  }
}
