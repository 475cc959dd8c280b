/** CloudEvents over a broker: in binary mode by its protocol binding, structured and as a batch, each stored as one event. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { until } from "../support/until.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";

/** Of those whose protocol has a binding, that binding's; SQS and Redis have none. */
const prefixes: Readonly<Record<string, string>> = {
  kafka: "ce_",
  nats: "ce-",
  rabbitmq: "cloudEvents:",
  mqtt: "",
  redis: "ce_",
};

interface Stored {
  readonly events: readonly {
    readonly event: string;
    readonly event_id: string;
    readonly created_at: string;
    readonly attributes: object;
  }[];
}

export async function runCloudEvents(
  broker: TestBroker,
  { directory, command }: CheckOptions,
): Promise<string> {
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    ...(command !== undefined && { command }),
    env: { MARS_LOG_LEVEL: "error" },
  });
  const prefix = prefixes[broker.engine] ?? "ce-";
  const attributes = (id: string) => ({
    ...{ specversion: "1.0", id, source: "/till", type: "order.paid", subject: `order-${id}` },
    ...{ time: "2026-01-31T12:00:00Z", region: "eu" },
  });
  const headers = (given: object, type: string) => ({
    "content-type": type,
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [prefix + name, String(value)])),
  });
  const { id: _, ...faulty } = attributes("bad");
  const batch = ["c", "d"].map((id) => ({ ...attributes(id), data: { total: id } }));
  const own = { app_id: "shop", message_id: "order-own", event: "paid" };
  try {
    const put = { url: broker.url(), app_id: "shop" };
    const { status, body } = await mars.ask("PUT", "/api/collectors/shop", put);
    if (status !== 200) throw new Error(JSON.stringify(body));
    await broker.publish([
      { id: "a", body: '{"total":"a"}', headers: headers(attributes("a"), "application/json") },
      {
        id: "b",
        body: JSON.stringify({ ...attributes("b"), data: { total: "b" } }),
        headers: { "content-type": "application/cloudevents+json" },
      },
      {
        id: "c",
        body: JSON.stringify(batch),
        headers: { "content-type": "application/cloudevents-batch+json" },
      },
      { id: "own", body: JSON.stringify(own) },
      {
        id: "e",
        body: JSON.stringify(faulty),
        headers: { "content-type": "application/cloudevents+json" },
      },
    ]);
    let last = "";
    await until(
      async () => {
        const now = await mars.read<{ events: number; refused: number }>("/api/collectors/shop");
        last = JSON.stringify(now);
        return now.events === 5 && now.refused === 1;
      },
      () => `five are events, and one is refused: ${last}`,
      30_000,
    );
    for (const id of ["a", "b", "c", "d"]) {
      const { events } = await mars.read<Stored>(`/api/apps/shop/messages/order-${id}/events?min_seq=5`);
      const [event] = events;
      const right =
        events.length === 1 &&
        event?.event === "order.paid" &&
        event.event_id === `/till#${id}` &&
        event.created_at === "2026-01-31T12:00:00.000000Z" &&
        JSON.stringify(event.attributes, ["source", "region", "data", "total"]) ===
          JSON.stringify({ source: "/till", region: "eu", data: { total: id } });
      if (!right) throw new Error(JSON.stringify(events));
    }
    const { messages } = await mars.read<{ messages: readonly { reason: string }[] }>(
      "/api/collectors/shop/rejected",
    );
    if (messages[0]?.reason !== "id is required") throw new Error(JSON.stringify(messages));
    return "binary, structured, a batch, one of Mars' own, and one without an id that is refused";
  } finally {
    await mars.stop();
  }
}
