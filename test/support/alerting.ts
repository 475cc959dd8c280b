/** Alerts over a store of their own, with a schedule that a test can wait for. */

import { alertHistory } from "../../src/alerting/alert-topic.ts";
import { Alerts, type AlertsOptions } from "../../src/alerting/alerts.ts";
import type { DeliveryPage } from "../../src/alerting/delivery.ts";
import { incidentHistory } from "../../src/alerting/incident-topic.ts";
import type { SinkTarget } from "../../src/alerting/sink.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { PublisherPool } from "../../src/brokers/publisher-pool.ts";
import type { AlertItem } from "../../src/core/alert-item.ts";
import type { IncidentItem } from "../../src/core/incident-item.ts";
import type { Live } from "../../src/core/ports.ts";
import { nowMicros } from "../../src/core/time.ts";
import { createLiveAlerts, createLiveIncidents } from "../../src/live/hub.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { author } from "./caller.ts";
import { parseDefinition } from "./definition.ts";
import { batchOf, event, openStore, type TestStore } from "./store.ts";
import { until } from "./until.ts";

export interface Alerting {
  readonly opened: TestStore;
  readonly alerts: Alerts;
  readonly topic: Live<AlertItem>;
  readonly incidents: Live<IncidentItem>;
  /** Sends so many messages that get stuck at once, and projects them. */
  stick(count: number): Promise<void>;
  /** What is missing of the first so many messages comes; of all unless given. */
  release(count?: number): Promise<void>;
  /** Waits until the deliveries are as wanted. */
  deliveries(done: (page: DeliveryPage) => boolean): Promise<DeliveryPage>;
  /** Ends these alerts as a crash would, and starts others on the same database. */
  restart(options?: Partial<AlertsOptions>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param sinks the URL of a webhook or another target, each a sink `0`, `1`, … of one rule for everything that is missing */
export async function startAlerting(
  sinks: readonly (string | SinkTarget)[],
  options: Partial<AlertsOptions> = {},
): Promise<Alerting> {
  const opened = await openStore();
  const log = createLog(process.env.MARS_TEST_LOG === "1" ? "debug" : "error");
  // As in `app.ts` it outlives the alerts that publish to it.
  const topic = createLiveAlerts(alertHistory(opened.queries, options.publicUrl ?? ""), { log });
  const incidents = createLiveIncidents(incidentHistory(opened.queries), { log });
  const make = (more: Partial<AlertsOptions> = {}) =>
    new Alerts({
      store: opened.store,
      reader: opened.queries,
      topic,
      incidents,
      brokers: new PublisherPool(),
      allow: ["127.0.0.1"],
      retryDelaysMs: [50, 50, 50],
      version: "test",
      clock: {
        get trusted() {
          return nowMicros();
        },
        get judged() {
          return nowMicros();
        },
      },
      drift: async () => undefined,
      judge: async () => ({ judged: nowMicros(), pausedApps: [] }),
      supervisor: new Supervisor({ log }),
      log,
      ...options,
      ...more,
    });
  let alerts = make();
  let seq = 0;
  let messages = 0;
  await opened.store.putLifecycle(
    "app",
    parseDefinition({
      stages: [{ event: "A" }, { event: "B", within: "1ms" }],
      complete_on: ["B"],
      grace: "0s",
    }),
  );
  for (const [index, sink] of sinks.entries()) {
    const target: SinkTarget = typeof sink === "string" ? { type: "webhook", url: sink } : sink;
    await alerts.putSink(String(index), target, author);
  }
  await alerts.putRule(
    ruleInput.parse({ id: "all", sinks: sinks.map((_, index) => String(index)), window: "1s" }),
    author,
  );
  alerts.start();

  async function send(name: string, from: number, to: number): Promise<void> {
    const events = Array.from({ length: to - from }, (_, index) =>
      event(seq + 1 + index, {
        messageId: `m${from + index}`,
        event: name,
        createdAt: Date.now() * 1_000 - 1_000_000,
      }),
    );
    await opened.store.apply(await batchOf(events));
    seq += events.length;
    for (;;) {
      const step = await opened.store.project({ upTo: seq, watermark: Date.now() * 1_000, raise: true });
      alerts.changed(step.findingSeq);
      if (step.done) return;
    }
  }

  return {
    opened,
    topic,
    incidents,
    get alerts() {
      return alerts;
    },
    async stick(count) {
      await send("A", messages, messages + count);
      messages += count;
    },
    release: (count = messages) => send("B", 0, count),
    async deliveries(done) {
      let page: DeliveryPage = { deliveries: [], asOfSeq: 0 };
      await until(
        async () => {
          page = await opened.queries.alertDeliveries({ limit: 1_000 });
          return done(page);
        },
        () => JSON.stringify(page),
      );
      return page;
    },
    async restart(more) {
      await alerts.stop();
      alerts = make(more);
      alerts.start();
      const step = await opened.store.project({ upTo: seq, watermark: Date.now() * 1_000, raise: false });
      alerts.changed(step.findingSeq);
    },
    async [Symbol.asyncDispose]() {
      await alerts.stop();
      await Promise.all([topic.close(), incidents.close()]);
      opened[Symbol.dispose]();
    },
  };
}
