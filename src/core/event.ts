/**
 * The event: what a producer reports, and what Mars keeps of it.
 *
 * Everything behind `edge/` uses these types; nothing there looks at a producer's raw input again.
 */

/** Microseconds since 1970-01-01T00:00:00Z, a safe integer; see `time.ts` for the range and the text form. */
export type Micros = number;

/** The key of a message. `messageId` is unique only within its app. */
export interface MessageKey {
  readonly appId: string;
  readonly messageId: string;
}

/** An event that passed validation. Absent optional texts are empty strings, so the shape never varies. */
export interface MarsEvent extends MessageKey {
  /** The name of the stage, 1–256 bytes. */
  readonly event: string;
  /** When it happened, as the producer reports it; the time of receipt where the producer gave none. */
  readonly createdAt: Micros;
  /** The time of receipt. */
  readonly receivedAt: Micros;
  /** The producer's id for this event; empty when absent. */
  readonly eventId: string;
  /** Another name by which the message can be found; empty when absent. */
  readonly externalId: string;
  /** The message of the same app that this one is a part of, by its id; empty when absent. */
  readonly parentId: string;
  /** A JSON object as compact text, at most 8 KiB unless configured otherwise; empty when absent. */
  readonly attributes: string;
  /** Only of an event from ahead: how far `createdAt` is ahead of its receipt. See `ahead.ts`. */
  readonly aheadBy?: Micros;
  /** Only of an event that came with a trace: see `traceparent.ts`. */
  readonly traceparent?: string;
}

/** An event with its place in the one sequence of accepted events: it is on disk. */
export interface SequencedEvent extends MarsEvent {
  readonly seq: number;
  /**
   * Only of events that are published: this one was published before, and a repeat has changed what is kept of it. `seq`
   * is the repeat's, and this the event's own.
   */
  readonly replaces?: number;
}

/** An event as the store keeps it: with the number of times it came again. */
export interface StoredEvent extends SequencedEvent {
  readonly duplicates: number;
  /** The number of its run, where its message's lifecycle has `reopen_on`. */
  readonly run?: number;
}
