/** Records of Kafka without a value: refused with the reason, or passed over, as the collector says; nothing behind them waits. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

const chunk = 20;
const tombstones = Array.from({ length: 7 }, (_, i) => `gone-${i}`);

export async function runTombstones(
  broker: TestBroker,
  { directory, command }: CheckOptions,
): Promise<string> {
  const { publishTombstones } = broker;
  if (publishTombstones === undefined) throw new Error(`${broker.engine} has no tombstones`);
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    ...(command !== undefined && { command }),
    env: { MARS_LOG_LEVEL: "error" },
  });
  const shop = new Shop(mars, broker);
  const round = async () => {
    await shop.publish(chunk);
    await publishTombstones(tombstones);
    await shop.publish(chunk);
  };
  try {
    await shop.put(broker.url());
    await round();
    const all = 2 * chunk + tombstones.length;
    const refused = await shop.reached(
      ({ messages, lag }) => messages === all && lag === 0,
      "it has read all",
    );
    const { messages } = await mars.read<{ messages: readonly { readonly reason: string }[] }>(
      "/api/collectors/shop/rejected",
    );
    const reasons = new Set(messages.map(({ reason }) => reason));
    if (refused.refused !== tombstones.length || [...reasons].join() !== "is a tombstone: it has no value")
      throw new Error(`${refused.refused} refused: ${[...reasons]}`);

    await shop.put(broker.url(), { tombstones: "ignore" });
    await round();
    // The last record of a partition may be one: what is passed over is committed, too.
    await publishTombstones(tombstones);
    const passed = await shop.reached(
      ({ messages, lag }) => messages === 2 * chunk && lag === 0,
      "it has read all but the tombstones",
    );
    if (passed.refused !== 0 || passed.events !== 2 * chunk) throw new Error(JSON.stringify(passed));
    await mars.kill();
    const after = await shop.reached(({ state, lag }) => state === "reading" && lag === 0, "it reads again");
    if (after.redelivered + after.messages > 0) throw new Error(`read again: ${JSON.stringify(after)}`);
    return `${tombstones.length} refused, ${2 * tombstones.length} passed over; ${await shop.checkStored()}`;
  } finally {
    await mars.stop();
  }
}
