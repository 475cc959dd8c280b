/** Messages that are long: what a connection has received and not acknowledged stays near the bound on bytes, and all come in the end. */
import { rabbitmqEngine } from "../../src/brokers/rabbitmq/rabbitmq-engine.ts";
import { readBrokerCollector } from "../../src/core/broker-collector-input.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";

const count = 400;
const bytes = 64 * 1024;
const window = { messages: 8_192, bytes: 1024 * 1024 };
/** A connection that is new does not know how long messages are, and asks for so many. */
const first = 64;
const quietMs = 500;

export async function runLarge(broker: TestBroker, _: CheckOptions): Promise<string> {
  const url = new URL(broker.url());
  const { collector } = readBrokerCollector("large", { url: url.href });
  if (collector === undefined) throw new Error("the collector is not valid");
  await broker.publish(
    Array.from({ length: count }, (_, at) => ({ id: `l-${at}`, body: new Uint8Array(bytes).fill(at % 256) })),
  );
  const nothing = () => undefined;
  const connection = await rabbitmqEngine.open(collector, {
    ...{ window, lost: nothing, found: nothing },
    log: { info: nothing, warn: nothing },
  });
  let most = 0;
  const ids = new Set<string>();
  try {
    while (ids.size < count) {
      // All that comes without an acknowledgement.
      const messages = [];
      for (;;) {
        const some = await connection.read(AbortSignal.timeout(quietMs));
        if (some.length === 0) break;
        messages.push(...some);
      }
      if (messages.length === 0) throw new Error(`${ids.size} of ${count} came, and no more`);
      const held = messages.reduce((sum, { body }) => sum + body.length, 0);
      if (held > (ids.size === 0 ? first * bytes : 2 * window.bytes))
        throw new Error(`${held} bytes are held`);
      most = Math.max(most, held);
      for (const { id } of messages) ids.add(id);
      await connection.ack(messages);
    }
  } finally {
    await connection.close();
  }
  return `${count} messages of ${bytes} bytes, at most ${most} bytes not acknowledged`;
}
