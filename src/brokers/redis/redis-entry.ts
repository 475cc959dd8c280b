/** An entry of a Redis stream as a message. */
import type { BrokerMessage } from "../engine.ts";
import { messageIdOf } from "../message-id.ts";

/** An id that its producer has made may be no time: before 2001 or in an hour it is none. */
const msMin = 1_000_000_000_000;
const aheadMsMax = 3_600_000;

export class RedisEntry implements BrokerMessage {
  readonly entryId: string;
  readonly position: string;
  readonly id: string;
  readonly body: Uint8Array;
  readonly redelivered: boolean;
  readonly brokerAt?: number;
  readonly #fields: Readonly<Record<string, string>>;

  /** @param pairs field, value, field, value … @param field that of the event; without it the fields are the event's own */
  constructor(
    entryId: string,
    pairs: readonly string[],
    { stream, field, redelivered }: { stream: string; field: string; redelivered: boolean },
  ) {
    this.entryId = entryId;
    this.position = `${stream}:${entryId}`;
    this.id = messageIdOf("redis", stream, entryId);
    this.redelivered = redelivered;
    const ms = Number(entryId.split("-")[0]);
    if (ms >= msMin && ms <= Date.now() + aheadMsMax) this.brokerAt = ms * 1_000;
    this.#fields = Object.fromEntries(
      Array.from({ length: pairs.length / 2 }, (_, at) => [pairs[2 * at] ?? "", pairs[2 * at + 1] ?? ""]),
    );
    this.body = Buffer.from(this.#fields[field] ?? eventOf(this.#fields));
  }

  headers(): Readonly<Record<string, string>> {
    return this.#fields;
  }
}

/** `app_id`, `message_id` and the others as fields; `attributes` is JSON. */
function eventOf({ attributes, ...texts }: Readonly<Record<string, string>>): string {
  if (attributes === undefined) return JSON.stringify(texts);
  try {
    return JSON.stringify({ ...texts, attributes: JSON.parse(attributes) });
  } catch {
    // It is refused for its kind.
    return JSON.stringify({ ...texts, attributes });
  }
}
