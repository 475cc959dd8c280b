/** An entry of a Redis stream as a message. */
import type { BrokerMessage } from "../engine.ts";
import { messageIdOf, placeWithContent } from "../message-id.ts";

/** An id that its producer has made may be no time: before 2001 or in an hour it is none. */
const msMin = 1_000_000_000_000;
const aheadMsMax = 3_600_000;

interface Options {
  readonly stream: string;
  /** That of the event; without it the fields are the event's own. */
  readonly field: string;
  readonly redelivered: boolean;
}

export class RedisEntry implements BrokerMessage {
  readonly entryId: string;
  readonly body: string;
  readonly redelivered: boolean;
  readonly brokerAt?: number;
  readonly #stream: string;
  readonly #pairs: readonly string[];

  /** @param pairs field, value, field, value … */
  constructor(entryId: string, pairs: readonly string[], { stream, field, redelivered }: Options) {
    this.entryId = entryId;
    this.redelivered = redelivered;
    this.#stream = stream;
    this.#pairs = pairs;
    const ms = Number.parseInt(entryId, 10);
    if (ms >= msMin && ms <= Date.now() + aheadMsMax) this.brokerAt = ms * 1_000;
    this.body = fieldOf(pairs, field) ?? eventOf(this.headers());
  }

  get position(): string {
    return `${this.#stream}:${this.entryId}`;
  }

  /** Made when it is asked for: events with an id of their own need none. */
  get id(): string {
    return messageIdOf("redis", this.#stream, placeWithContent(this.entryId, this.body));
  }

  headers(): Readonly<Record<string, string>> {
    const fields: [string, string][] = [];
    for (let at = 0; at < this.#pairs.length; at += 2)
      fields.push([this.#pairs[at] ?? "", this.#pairs[at + 1] ?? ""]);
    return Object.fromEntries(fields);
  }
}

/** Of several fields with the name the last one counts. */
function fieldOf(pairs: readonly string[], name: string): string | undefined {
  for (let at = pairs.length - 2; at >= 0; at -= 2) if (pairs[at] === name) return pairs[at + 1];
  return undefined;
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
