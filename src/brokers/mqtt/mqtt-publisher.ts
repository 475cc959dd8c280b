/** Publishes to a topic of MQTT with QoS 1; the id is the user property `mars-id`. */
import { randomUUID } from "node:crypto";
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { Publisher } from "../publisher.ts";
import { openLink } from "./mqtt-link.ts";
import { Publications } from "./mqtt-publications.ts";

/** It is sent acknowledgements only. */
const packetBytesMax = 64 * 1024;
/** Of a random id, enough for the sinks of several Mars at one broker: who has the same one ends the connection of the other. */
const ownChars = 8;

export async function openMqttPublisher({ id, url, members }: BrokerPlace): Promise<Publisher> {
  let publications: Publications | undefined;
  let connected = true;
  const link = await openLink({
    url,
    clientId: `mars-sink-${id}-${randomUUID().slice(0, ownChars)}`,
    clean: true,
    sessionSeconds: 0,
    receiveMax: 1,
    packetBytesMax,
    onPacket(packet) {
      if (packet.cmd === "puback") publications?.acknowledged(packet);
    },
    onLost(error) {
      connected = false;
      publications?.fail(error);
    },
  });
  const published = new Publications(link);
  publications = published;
  const { topic = "" } = members;
  return {
    get connected() {
      return connected;
    },
    async publish(message) {
      if (!(await published.publish(topic, message)).subscribed)
        throw new Error(`there is no subscriber of the topic ${topic}`);
    },
    close: () => link.close(),
  };
}
