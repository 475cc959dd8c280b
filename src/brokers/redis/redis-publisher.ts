/** Adds entries to a stream of Redis: the body in `data`, the id in `id`, and the headers as fields beside them. */
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { Publisher } from "../publisher.ts";
import { connectTo, explained, publish, senderOf } from "./redis-engine.ts";

export async function openRedisPublisher(place: BrokerPlace): Promise<Publisher> {
  const client = await connectTo(place).catch((error) => {
    throw explained(error);
  });
  const { stream = "" } = place.members;
  const send = senderOf(client);
  return {
    get connected() {
      return client.connected;
    },
    publish: (message) => publish(send, stream, message),
    async close() {
      client.close();
    },
  };
}
