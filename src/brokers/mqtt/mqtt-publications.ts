/** Messages that were published over a link, until the broker acknowledges them. */
import type { IPubackPacket } from "mqtt-packet";
import type { OutgoingMessage } from "../engine.ts";
import type { Link } from "./mqtt-link.ts";
import { reasonOf } from "./mqtt-reason.ts";

const acknowledgeMs = 10_000;
/** 1 is that of the subscription. */
const firstId = 2;
const lastId = 65_535;
/** A success: "no matching subscribers". */
const unsubscribed = 16;

/** What the broker says of a message that it has. */
export interface Published {
  /** Whether there is a subscription that it goes to, as far as the broker says. */
  readonly subscribed: boolean;
}

export class Publications {
  readonly #link: Pick<Link, "send" | "connack">;
  readonly #waiting = new Map<number, PromiseWithResolvers<Published>>();
  #nextId = firstId;

  constructor(link: Pick<Link, "send" | "connack">) {
    this.#link = link;
  }

  /** Resolves when the broker has it. Its id is the user property `mars-id`. */
  async publish(topic: string, { id, body, headers }: OutgoingMessage): Promise<Published> {
    const { "content-type": contentType, ...others } = headers;
    if (this.#waiting.size >= (this.#link.connack.properties?.receiveMaximum ?? lastId))
      throw new Error("the broker has not acknowledged what was published before");
    while (this.#waiting.has(this.#nextId)) this.#advance();
    const messageId = this.#nextId;
    this.#advance();
    const acknowledged = Promise.withResolvers<Published>();
    this.#waiting.set(messageId, acknowledged);
    const timer = setTimeout(
      () => acknowledged.reject(new Error(`the broker has not acknowledged it in ${acknowledgeMs} ms`)),
      acknowledgeMs,
    );
    this.#link.send([
      {
        cmd: "publish",
        topic,
        payload: Buffer.from(body),
        qos: 1,
        messageId,
        dup: false,
        retain: false,
        properties: {
          ...(contentType !== undefined && { contentType }),
          userProperties: { ...others, "mars-id": id },
        },
      },
    ]);
    try {
      return await acknowledged.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    }
  }

  acknowledged({ messageId, reasonCode = 0 }: IPubackPacket): void {
    const waiting = this.#waiting.get(messageId ?? 0);
    if (reasonCode < 128) waiting?.resolve({ subscribed: reasonCode !== unsubscribed });
    else waiting?.reject(new Error(`the broker refuses the message: ${reasonOf(reasonCode)}`));
  }

  fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }

  #advance(): void {
    this.#nextId = this.#nextId === lastId ? firstId : this.#nextId + 1;
  }
}
