/**
 * MQTT 5: a subscription in a session that the broker keeps while Mars is away. The codec is MQTT.js'; its client is not used, since
 * that handles one message after the other until each is acknowledged: one fsync of Mars a message.
 */
import type { IPublishPacket, Packet } from "mqtt-packet";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions } from "../engine.ts";
import { type Link, openLink } from "./mqtt-link.ts";
import { MqttMessage } from "./mqtt-message.ts";
import { Publications } from "./mqtt-publications.ts";
import { reasonOf } from "./mqtt-reason.ts";

/** The broker keeps what it has for an absent Mars so long. */
const sessionSeconds = 7 * 24 * 3_600;
/** The protocol's largest. */
const receiveMaxMost = 65_535;
/** The broker drops larger packets itself, as the protocol demands. */
const packetBytesMax = 16 * 1024 * 1024;
const subscribeMs = 5_000;
const subscribeId = 1;

export const mqttEngine: BrokerEngine = {
  async open(collector, options) {
    const session = new Session(options);
    const link = await openLink({
      url: collector.url,
      tlsCa: collector.tlsCa,
      tlsCert: collector.tlsCert,
      tlsKey: collector.tlsKey,
      clientId: collector.source.client_id ?? `mars-${collector.id}`,
      clean: false,
      sessionSeconds,
      receiveMax: Math.min(options.window.messages, receiveMaxMost),
      packetBytesMax,
      onPacket: (packet) => session.receive(packet),
      onLost: (error) => session.fail(error),
    });
    try {
      return await session.start(link, collector);
    } catch (error) {
      await link.close();
      throw error;
    }
  },
};

class Session {
  readonly #window: OpenOptions["window"];
  #link: Link | undefined;
  #publications: Publications | undefined;
  readonly #subscribed = Promise.withResolvers<void>();
  /** Before the link is known, packets of the session may come. */
  #queue: MqttMessage[] = [];
  /** In their order of arrival: the protocol wants acknowledgements in it. */
  #unacknowledged: MqttMessage[] = [];
  /** What was received and is not done. */
  #bytes = 0;
  #paused = false;
  #waiter: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;

  constructor({ window }: OpenOptions) {
    this.#window = window;
    // Nobody may wait for it when the link is lost.
    this.#subscribed.promise.catch(() => undefined);
  }

  async start(link: Link, { source }: BrokerCollector): Promise<BrokerConnection> {
    const { topic = "", group } = source;
    this.#link = link;
    const publications = new Publications(link);
    this.#publications = publications;
    link.send([
      {
        cmd: "subscribe",
        messageId: subscribeId,
        // Retained messages come with the first subscription only.
        subscriptions: [
          { topic: group === undefined ? topic : `$share/${group}/${topic}`, qos: 1, rh: 1, rap: true },
        ],
      },
    ]);
    const timer = setTimeout(
      () => this.fail(new Error("the broker does not answer the subscription")),
      subscribeMs,
    );
    await this.#subscribed.promise.finally(() => clearTimeout(timer));
    return {
      read: (signal) => this.#read(signal),
      ack: async (messages) => this.#ack(messages as readonly MqttMessage[]),
      async publish(target, message) {
        await publications.publish(target, message);
      },
      // The protocol has nothing for it.
      lag: async () => undefined,
      close: () => link.close(),
    };
  }

  receive(packet: Packet): void {
    if (packet.cmd === "publish") this.#receive(packet);
    else if (packet.cmd === "puback") this.#publications?.acknowledged(packet);
    else if (packet.cmd === "suback" && packet.messageId === subscribeId) {
      const [code = 0] = packet.granted as readonly number[];
      if (code < 128) this.#subscribed.resolve();
      else this.#subscribed.reject(new Error(`the broker refuses the subscription: ${reasonOf(code)}`));
    }
  }

  /** Nothing can be read any more. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#subscribed.reject(error);
    this.#publications?.fail(error);
    this.#wake();
  }

  #receive(packet: IPublishPacket): void {
    const message = new MqttMessage(packet);
    this.#queue.push(message);
    this.#unacknowledged.push(message);
    this.#bytes += message.body.length;
    // What has been received of the socket by now still comes; the number of messages is bounded by the broker.
    if (this.#bytes >= this.#window.bytes && !this.#paused && this.#link !== undefined) {
      this.#paused = true;
      this.#link.pause();
    }
    this.#wake();
  }

  async #read(signal: AbortSignal): Promise<readonly MqttMessage[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (this.#queue.length === 0 && !signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        this.#waiter ??= Promise.withResolvers();
        await this.#waiter.promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    const messages = this.#queue;
    this.#queue = [];
    return messages;
  }

  #ack(messages: readonly MqttMessage[]): void {
    for (const message of messages) {
      message.done = true;
      this.#bytes -= message.body.length;
    }
    const rest = this.#unacknowledged.findIndex(({ done }) => !done);
    const done = this.#unacknowledged.splice(0, rest < 0 ? this.#unacknowledged.length : rest);
    this.#link?.send(
      done.flatMap(({ packetId: messageId }) =>
        messageId === undefined ? [] : [{ cmd: "puback", messageId, reasonCode: 0 } as const],
      ),
    );
    if (!this.#paused || this.#bytes > this.#window.bytes / 2) return;
    this.#paused = false;
    this.#link?.resume();
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }
}
