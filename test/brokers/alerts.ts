/** What a user sees of a sink at a message broker: a test, a broker that is away when an incident opens, and its notification there, once or with the same id. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { until } from "../support/until.ts";
import type { CheckOptions } from "./crashes.ts";
import { brokerPassword, type TestBroker } from "./engines/test-broker.ts";

interface Deliveries {
  readonly deliveries: readonly {
    readonly id: number;
    readonly state: string;
    readonly next_at: string | null;
    readonly webhook_id: string;
    readonly type: string;
    readonly attempts: readonly { readonly outcome: string; readonly error: string | null }[];
  }[];
}

/** What is read of them is gone. */
const queues = ["rabbitmq", "sqs", "sqs-fifo"];
const soonMs = 20_000;

export async function runAlerts(broker: TestBroker, { directory, command }: CheckOptions): Promise<string> {
  const { sink } = broker;
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    ...(command !== undefined && { command }),
    env: { MARS_ALERT_ALLOW: "127.0.0.1", MARS_LOG_LEVEL: "error" },
  });
  const put = async (path: string, body: object) => {
    const answer = await mars.ask("PUT", path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return JSON.stringify(answer.body);
  };
  const test = async () =>
    (await mars.ask<{ success: boolean }>("POST", "/api/alerts/sinks/events/test")).body.success;
  const arrived: { readonly id?: string; readonly body: string }[] = [];
  const look = async () => {
    const letters = await broker.deadLetters();
    if (!queues.includes(broker.engine)) arrived.length = 0;
    arrived.push(...letters);
  };
  try {
    await put("/api/apps/shop/lifecycle", {
      stages: [{ event: "created" }, { event: "paid", within: "1ms" }],
      complete_on: ["paid"],
      grace: "0s",
    });
    const shown = await put("/api/alerts/sinks/events", { type: "broker", url: sink.url });
    if (shown.includes(brokerPassword)) throw new Error(`the password is shown: ${shown}`);
    const { id: _, ...back } = JSON.parse(shown).sink;
    await put("/api/alerts/sinks/events", back);
    await put("/api/alerts/rules/stuck", { sinks: ["events"], window: "1s" });
    if (!(await test())) throw new Error("the test of the sink has failed");

    await broker.down();
    if (await test()) throw new Error("the test has succeeded while the broker is away");
    const event = {
      app_id: "shop",
      message_id: "order-1",
      event: "created",
      created_at: new Date().toISOString(),
    };
    const sent = await mars.ask("POST", "/api/event/bulk", { events: [event] });
    if (sent.status >= 300) throw new Error(JSON.stringify(sent));
    const deliveries = async () => (await mars.read<Deliveries>("/api/alerts/deliveries")).deliveries;
    const opened = async () => (await deliveries()).find(({ type }) => type === "incident.opened");
    await until(
      async () => ((await opened())?.attempts.length ?? 0) > 0,
      () => "an attempt fails",
      60_000,
    );
    const text = JSON.stringify(await deliveries());
    if (text.includes(brokerPassword)) throw new Error(`an attempt shows the password: ${text}`);
    await broker.up();
    let last = "";
    await until(
      async () => {
        const { id = 0, state, next_at } = (await opened()) ?? {};
        // The second delay is five minutes, and some brokers start for longer than the first one.
        if (Date.parse(next_at ?? "") > Date.now() + soonMs)
          await mars.ask("POST", `/api/alerts/deliveries/${id}/redeliver`);
        last = JSON.stringify(await deliveries());
        return state === "delivered";
      },
      () => `it is delivered: ${last}`,
      30_000,
    );
    const { attempts = [], webhook_id = "" } = (await opened()) ?? {};
    await until(
      async () => {
        await look();
        return arrived.some(({ id }) => id === webhook_id);
      },
      () => `${webhook_id} is at the broker: ${JSON.stringify(arrived)}`,
    );
    const own = arrived.filter(({ id }) => id === webhook_id);
    const { type, data } = JSON.parse(own[0]?.body ?? "{}");
    if (type !== "incident.opened" || data.incident.app_id !== "shop") throw new Error(JSON.stringify(own));
    // One that ended without an answer may have been stored: it is repeated, with its id.
    const tests = arrived.filter(({ body }) => body.includes('"type":"test"'));
    if (tests.length === 0) throw new Error(`a test must be there: ${JSON.stringify(arrived)}`);
    if (!broker.repeats && (own.length !== 1 || tests.length !== 1))
      throw new Error(`each must be there once: ${JSON.stringify(arrived)}`);
    return `delivered ${own.length} times by attempt ${attempts.length}; before: ${attempts[0]?.error}`;
  } finally {
    await mars.stop();
  }
}
