/** The port of the engines: a connection to a message broker that messages are read from and acknowledged to. */
import type { BrokerCollector } from "../core/broker-collector.ts";
import type { Micros } from "../core/event.ts";
import type { Log } from "../core/ports.ts";

/** A message as its broker has sent it. */
export interface BrokerMessage {
  /** Its place in the broker, for people: `events:42`. */
  readonly position: string;
  /**
   * The same whenever the broker sends it, and of no other message, of another stream or engine neither: the `event_id` of an event
   * without one. At most `messageIdCharsMax`.
   */
  readonly id: string;
  /** As a text where the client library has it as one. */
  readonly body: Uint8Array | string;
  /** Names in lower case. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** When the broker received it, where that is known: the `created_at` of an event without one. */
  readonly brokerAt?: Micros;
  /** Why it can have no events, where the engine knows. */
  readonly refusal?: string;
  /** Whether the broker says that it has sent it before. */
  readonly redelivered: boolean;
}

export function bytesOf(body: BrokerMessage["body"]): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** Room for the event's place in the message behind it. */
export const messageIdCharsMax = 240;

/** A message that is published. */
export interface OutgoingMessage {
  /** By which a receiver drops a repeat. */
  readonly id: string;
  readonly body: Uint8Array | string;
  /** Printable ASCII. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of Kafka and of FIFO queues: what has the same one stays in order. */
  readonly key?: string;
}

/** What is received and not acknowledged, at most. */
export interface Window {
  readonly messages: number;
  readonly bytes: number;
}

/** Several of one collector's `BrokerMessage`s belong to one connection: only it can acknowledge them. */
export interface BrokerConnection {
  /**
   * Resolves to messages in their order as soon as there are some, and to none when the signal aborts. Called again once it has
   * resolved. Rejects when nothing can be read by this connection any more.
   */
  read(signal: AbortSignal): Promise<readonly BrokerMessage[]>;
  /** Lets the broker forget them. Where that is lost they come again. */
  ack(messages: readonly BrokerMessage[]): Promise<void>;
  /** Lets the broker wait for longer, where it would send to another: for these messages, and for those that have come and are not read. */
  extend?(messages: readonly BrokerMessage[]): void;
  /** How often, where the broker waits for less than usual. */
  readonly extendEveryMs?: number;
  /** Resolves once the broker has acknowledged it. */
  publish(target: string, message: OutgoingMessage): Promise<void>;
  /** Messages that are to be read or acknowledged; `undefined` where that is not known. */
  lag(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly window: Window;
  readonly log: Pick<Log, "info" | "warn">;
  /** Called when an open connection has lost its broker and tries to reach it by itself, and when it has. */
  readonly lost: (error: Error) => void;
  readonly found: () => void;
}

/** An engine's folder has one, which is loaded when it is first needed. */
export interface BrokerEngine {
  /** Rejects where the broker cannot be reached, or does not have what the collector names. */
  open(collector: BrokerCollector, options: OpenOptions): Promise<BrokerConnection>;
}
