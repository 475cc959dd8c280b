/** Two Mars in one group of Kafka: partitions move to the second and back while messages come, and more are added. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { until } from "../support/until.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";

const chunk = 200;
const rounds = 20;
const partitionsLater = 7;
/** In the 20 rounds. */
const secondJoinsAt = 3;
const partitionsAddedAt = 8;
const secondLeavesAt = 14;

interface Collector {
  readonly state: string;
  readonly messages: number;
  readonly lag: number | null;
}

/** Each event is on one Mars at least, and none is twice on one. */
export async function runRebalance(
  broker: TestBroker,
  { directory, command }: CheckOptions,
): Promise<string> {
  if (broker.setPartitions === undefined) return "no partitions";
  const start = (name: string) =>
    new RestartedMars({
      dataDir: join(directory, name),
      ...(command !== undefined && { command }),
      env: { MARS_COLLECT_SHOP: broker.url({ instance: name }), MARS_LOG_LEVEL: "error" },
    });
  const first = start("one");
  const second = start("two");
  const status = (mars: RestartedMars) => mars.read<Collector>("/api/collectors/shop");
  const moved = { toSecond: 0 };
  let sent = 0;
  const publish = async () => {
    const ids = Array.from({ length: chunk }, (_, i) => `r-${sent + i}`);
    sent += chunk;
    await broker.publish(
      ids.map((id) => ({
        id,
        body: JSON.stringify({ app_id: "shop", message_id: id, event: "created" }),
      })),
    );
  };
  try {
    await second.url();
    await second.ask("POST", "/api/collectors/shop/pause");
    for (let round = 0; round < rounds; round++) {
      if (round === secondJoinsAt) await second.ask("POST", "/api/collectors/shop/resume");
      if (round === partitionsAddedAt) {
        // It may have joined after all that was published before had been read.
        await until(
          async () => {
            await publish();
            return (await status(second)).messages > 0;
          },
          () => "the second reads some partitions",
          40_000,
        );
        await broker.setPartitions?.(partitionsLater);
      }
      if (round === secondLeavesAt) {
        moved.toSecond = (await status(second)).messages;
        await second.ask("POST", "/api/collectors/shop/pause");
      }
      await publish();
    }
    const wanted = sent;
    const found = new Map<string, number>();
    await until(
      async () => {
        found.clear();
        for (const mars of [first, second])
          for await (const { message_id, event_count } of mars.rows<{
            message_id: string;
            event_count: number;
          }>("/api/messages?app_id=shop", "messages"))
            found.set(message_id, Math.max(event_count, found.get(message_id) ?? 0));
        return found.size === wanted;
      },
      () => `all ${wanted} are on one of the two, ${found.size} are`,
      60_000,
    );
    const doubled = [...found.values()].filter((events) => events > 1).length;
    if (doubled > 0) throw new Error(`${doubled} messages are doubled`);
    return `${wanted} messages, ${moved.toSecond} read by the second Mars, ${partitionsLater} partitions at the end: 0 lost, 0 doubled`;
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
}
