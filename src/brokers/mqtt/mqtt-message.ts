/** A message of an MQTT topic. */
import type { IPublishPacket } from "mqtt-packet";
import type { BrokerMessage } from "../engine.ts";
import { contentPlace, messageIdOf } from "../message-id.ts";

export class MqttMessage implements BrokerMessage {
  readonly position: string;
  /** MQTT gives messages no lasting identity: two of one topic with the same content are one. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly redelivered: boolean;
  /** To be acknowledged by; absent for QoS 0. */
  readonly packetId: number | undefined;
  done = false;
  readonly #packet: IPublishPacket;

  constructor(packet: IPublishPacket) {
    const { topic, payload, qos, messageId, dup } = packet;
    this.#packet = packet;
    this.body = typeof payload === "string" ? Buffer.from(payload) : payload;
    this.position = topic;
    this.id = messageIdOf("mqtt", topic, contentPlace(this.body));
    this.redelivered = dup;
    this.packetId = qos === 0 ? undefined : messageId;
  }

  headers(): Readonly<Record<string, string>> {
    const { topic, properties } = this.#packet;
    const own = Object.entries(properties?.userProperties ?? {});
    const { contentType } = properties ?? {};
    return {
      ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), [value].flat()[0] ?? ""])),
      ...(contentType !== undefined && { "content-type": contentType }),
      "mqtt-topic": topic,
    };
  }
}
