/** Publishes to a queue of SQS; the id is the attribute `mars-id`. Each message is a request: there is no connection to keep. */
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { Publisher } from "../publisher.ts";
import { publishTo } from "./sqs-engine.ts";
import { openQueue } from "./sqs-queue.ts";

export async function openSqsPublisher({ url, members }: BrokerPlace): Promise<Publisher> {
  // Nothing of Mars' own environment: a sink's user must not publish with the credentials of the machine.
  const queue = openQueue({ url, source: members }, {});
  return { connected: true, publish: (message) => publishTo(queue, message), close: async () => undefined };
}
