/** Messages that wait in a broker, read by Mars, against the empty consumer of the same client library in the same turn. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { testEngines } from "../../test/brokers/engines/engines.ts";
import type { TestBroker } from "../../test/brokers/engines/test-broker.ts";
import type { Bench, Mars } from "../bench.ts";
import { spreadOf } from "../figures.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";

/** Enough that the compiler's warming up is a small part of the time. */
const messagesMany = 200_000;
const publishedAtOnce = 1_000;
const ratioMin = 0.5;
/** Where the control does twice as many. */
const rateMin = 50_000;
const lookMs = 50;
const patienceMs = 120_000;

interface Options {
  /** As many as its server takes in some seconds. */
  readonly messages?: number;
  /** What the control has read, Mars cannot read again. */
  readonly queue?: true;
  readonly tools?: readonly string[];
}

export const brokers: readonly Scenario[] = [
  scenarioOf("nats", { tools: ["nats-server"] }),
  scenarioOf("redis", { tools: ["redis-server"] }),
  scenarioOf("rabbitmq", { queue: true }),
  scenarioOf("kafka", { tools: ["java", "mvn"] }),
  scenarioOf("mqtt", { messages: 50_000, queue: true }),
  scenarioOf("sqs", { messages: 500, queue: true, tools: ["moto_server"] }),
];

function scenarioOf(engine: string, { messages = messagesMany, queue, tools = [] }: Options): Scenario {
  const start = testEngines[engine];
  if (start === undefined) throw new Error(`${engine} cannot be started`);
  const run = async (bench: Bench): Promise<Outcome> => {
    const faults: string[] = [];
    const rates: { mars: number; control: number }[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const directory = bench.newDirectory();
      await mkdir(directory, { recursive: true });
      const broker = await start(directory);
      const mars = await bench.startMars();
      try {
        await broker.prepare();
        await publish(broker, messages);
        const control = await consume(broker, messages);
        if (queue) await publish(broker, messages);
        rates.push({ mars: await read(mars, broker, messages, faults), control });
      } finally {
        await mars.stop();
        await broker.stop();
      }
    }
    return { rows: [rowOf(engine, rates)], faults };
  };
  return { name: `brokers-${engine}`, tools, run };
}

function rowOf(engine: string, rates: readonly { mars: number; control: number }[]): Row {
  const mars = spreadOf(rates.map(({ mars }) => mars));
  const control = spreadOf(rates.map(({ control }) => control));
  const fast = control.median >= 2 * rateMin;
  return {
    name: `brokers-${engine}`,
    unit: "messages/s",
    mars,
    control: { name: "empty consumer", spread: control },
    bar: `ratio ≥ ${ratioMin}${fast ? `, ≥ ${rateMin}` : ""}`,
    met: mars.median >= ratioMin * control.median && (!fast || mars.median >= rateMin),
  };
}

let published = 0;

async function publish(broker: TestBroker, count: number): Promise<void> {
  for (let at = 0; at < count; at += publishedAtOnce) {
    const some = Array.from({ length: Math.min(publishedAtOnce, count - at) }, () => {
      const id = `m-${published++}`;
      const event = { app_id: "shop", message_id: id, event: "created", attributes: { total: 12.5 } };
      return { id, body: JSON.stringify(event) };
    });
    await broker.publish(some);
  }
}

/** @returns messages a second */
async function consume(broker: TestBroker, count: number): Promise<number> {
  const control = join(import.meta.dir, "../controls/broker-consumer.ts");
  const args = [control, broker.engine, broker.url({ plain: true }), String(count)];
  const child = Bun.spawn([process.execPath, ...args], { stdout: "pipe", stderr: "inherit" });
  const rate = Number(await new Response(child.stdout).text());
  if ((await child.exited) !== 0) throw new Error(`the control of ${broker.engine} has failed`);
  return rate;
}

/** Of what follows the first that is seen to be acknowledged. @returns messages a second */
async function read(mars: Mars, broker: TestBroker, count: number, faults: string[]): Promise<number> {
  const url = `${mars.url}/api/collectors/bench`;
  const headers = { "content-type": "application/json" };
  await fetch(url, { method: "PUT", headers, body: JSON.stringify({ url: broker.url({ plain: true }) }) });
  const end = performance.now() + patienceMs;
  let first = { messages: 0, at: 0 };
  for (;;) {
    const status = (await (await fetch(url)).json()) as { messages: number; refused: number };
    const { messages, refused } = status;
    const at = performance.now();
    if (first.messages === 0) first = { messages, at };
    if (messages === count) {
      const { totals } = await mars.caughtUp();
      if (refused > 0 || totals.stored !== count)
        faults.push(`${broker.engine}: ${totals.stored} of ${count} stored, ${refused} refused`);
      return ((messages - first.messages) / (at - first.at)) * 1_000;
    }
    if (at > end) throw new Error(`${broker.engine}: ${messages} of ${count} read`);
    await Bun.sleep(lookMs);
  }
}
