/** Publishes to a subject of NATS that a stream of JetStream stores; the id is `Nats-Msg-Id`. */
import { connect } from "@nats-io/transport-node";
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { Publisher } from "../publisher.ts";
import { connectionOptions, publish } from "./nats-engine.ts";

export async function openNatsPublisher(place: BrokerPlace): Promise<Publisher> {
  const connection = await connect({
    ...connectionOptions(place),
    // Only the address that was checked is connected to, and the next attempt checks again where another is needed.
    ignoreClusterUpdates: true,
    reconnect: false,
  });
  const { subject = "" } = place.members;
  return {
    get connected() {
      return !connection.isClosed();
    },
    publish: (message) => publish(connection, subject, message),
    close: () => connection.close(),
  };
}
