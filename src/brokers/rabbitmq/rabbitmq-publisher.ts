/** Publishes to a queue of RabbitMQ, or to an exchange with a routing key; the id is the property `message_id`. */
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { Publisher } from "../publisher.ts";
import { close, connectTo, createConfirming, publish } from "./rabbitmq-engine.ts";

export async function openRabbitmqPublisher(place: BrokerPlace): Promise<Publisher> {
  const connection = await connectTo(place);
  try {
    const channel = await createConfirming(connection);
    let connected = true;
    channel.on("close", () => {
      connected = false;
    });
    const { queue, exchange = "", routing_key = "" } = place.members;
    return {
      get connected() {
        return connected;
      },
      publish: (message) => publish(channel, queue ?? routing_key, message, exchange),
      close: () => close(connection),
    };
  } catch (error) {
    await close(connection);
    throw error;
  }
}
