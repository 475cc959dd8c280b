/** A message, and what may be said of its events. */

/** What may be said of an event beside its name; the names are those of Mars's API. */
export interface EventFields {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly external_id?: string;
  readonly parent_id?: string;
  /** The W3C trace context that it belongs to, such as the `traceparent` of the request that is being served. */
  readonly traceparent?: string;
  /** Default: now. */
  readonly created_at?: Date | string;
  /** The event's id within its message; default: a random one. */
  readonly event_id?: string;
}

/** The app, and fields for each event of a message. */
export type Context = Pick<EventFields, "attributes" | "external_id" | "parent_id" | "traceparent"> & {
  readonly app_id?: string;
};

/** One message: `mars.message("order-1").event("paid")`. */
export class Message {
  readonly #report: (name: string, fields: EventFields) => string;

  constructor(report: (name: string, fields: EventFields) => string) {
    this.#report = report;
  }

  /**
   * Accepts an event, and never waits for the network.
   *
   * @returns its `event_id`
   * @throws BufferError if the buffer is full or cannot be written; TypeError for what is no event
   */
  event(name: string, fields: EventFields = {}): string {
    return this.#report(name, fields);
  }
}
