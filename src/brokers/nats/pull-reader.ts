/**
 * Pulls from a JetStream consumer, with a bound on messages and on bytes: the client library bounds one of them, not both. The protocol
 * is that of `$JS.API.CONSUMER.MSG.NEXT`, https://docs.nats.io/reference/reference-protocols/nats_api_reference.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import { Arrived } from "../arrived.ts";
import type { Window } from "../engine.ts";
import { NatsMessage } from "./nats-message.ts";

/** Of one request. */
const batch = 1_024;
const bytesOfBatch = 4 * 1024 * 1024;
const expiresMs = 30_000;
const heartbeatMs = 5_000;
/** Without a message or a heartbeat for so long a request is lost. */
const silentMs = 12_000;
const retryMs = 500;
const idleHeartbeat = 100;
const nanosOfMs = 1_000_000;

export interface PullReaderOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
  /** What the ids of its messages begin with. */
  readonly name: string;
  readonly window: Window;
  /** Called when requests are lost. Rejects where the consumer is gone. */
  readonly check: () => Promise<unknown>;
}

export class PullReader {
  readonly #options: PullReaderOptions;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #arrived = new Arrived<NatsMessage>();
  /** Messages that were asked for and have not come. */
  #asked = 0;
  /** What has come and is not acknowledged. */
  #messages = 0;
  #bytes = 0;
  /** The next message is longer than a request may have bytes. */
  #oversize = false;
  #lastAt = performance.now();

  constructor(options: PullReaderOptions) {
    this.#options = options;
    this.#subscription = options.connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error !== null) this.fail(error);
        else this.#receive(message);
      },
    });
    this.#watch = setInterval(() => this.#lookForSilence(), heartbeatMs);
    this.#pull();
  }

  /** See `BrokerConnection.read`. */
  read(signal: AbortSignal): Promise<readonly NatsMessage[]> {
    return this.#arrived.read(signal);
  }

  /** What has come and is not read. */
  get waiting(): readonly NatsMessage[] {
    return this.#arrived.waiting;
  }

  ack(messages: readonly NatsMessage[]): void {
    for (const message of messages) {
      this.#options.connection.publish(message.reply);
      this.#messages -= 1;
      this.#bytes -= message.body.length;
    }
    this.#pull();
  }

  /** The connection was lost, and with it what was asked for. */
  reconnected(): void {
    this.#asked = 0;
    this.#lastAt = performance.now();
    this.#pull();
  }

  /** Nothing can be read any more. */
  fail(error: Error): void {
    this.#arrived.fail(error);
  }

  close(): void {
    clearInterval(this.#watch);
    this.#subscription.unsubscribe();
    this.fail(new Error("closed"));
  }

  #receive(message: Msg): void {
    this.#lastAt = performance.now();
    const code = message.subject === this.#inbox ? (message.headers?.code ?? 0) : 0;
    if (code > 0) this.#status(code, message);
    else this.#add(message);
  }

  #add(message: Msg): void {
    const received = new NatsMessage(message, this.#options.name);
    this.#asked = Math.max(0, this.#asked - 1);
    this.#messages += 1;
    this.#bytes += received.body.length;
    this.#arrived.push(received);
    this.#pull();
  }

  #status(code: number, { headers }: Msg): void {
    const reason = headers?.description ?? "";
    const left = Number(headers?.get("Nats-Pending-Messages") || 0);
    if (code === 400 || code === 503 || /consumer deleted|consumer is push/i.test(reason)) {
      this.fail(new Error(code === 503 ? "JetStream does not answer" : reason));
    } else if (left > 0) {
      this.#asked = Math.max(0, this.#asked - left);
      if (/exceeds maxbytes/i.test(reason) && left >= batch) this.#oversize = true;
      this.#pull();
    } else if (code !== idleHeartbeat) {
      // The server, or the leader of the stream, is another soon: what was asked for is lost.
      this.#askLater();
    }
  }

  #askLater(): void {
    setTimeout(() => {
      this.#asked = 0;
      this.#pull();
    }, retryMs);
  }

  /** Asks for more, where half of what was asked for has come and there is room. */
  #pull(): void {
    if (this.#arrived.failure !== undefined || this.#asked > batch / 2) return;
    const { window } = this.#options;
    const room = Math.min(batch, window.messages - this.#messages - this.#asked);
    const requests = Math.ceil(this.#asked / batch) + 1;
    const full = this.#messages > 0 && this.#bytes + requests * bytesOfBatch > window.bytes;
    if (this.#oversize) {
      // Alone, and without a bound: it is refused for its length, and the next ones follow.
      if (this.#messages + this.#asked === 0) this.#ask({ batch: 1 });
    } else if (room >= Math.min(batch, window.messages) / 4 && !full) {
      this.#ask({ batch: room, max_bytes: bytesOfBatch });
    }
  }

  #ask(request: { readonly batch: number; readonly max_bytes?: number }): void {
    const { connection, stream, consumer } = this.#options;
    const times = { expires: expiresMs * nanosOfMs, idle_heartbeat: heartbeatMs * nanosOfMs };
    this.#asked += request.batch;
    this.#oversize = false;
    try {
      connection.publish(
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
        JSON.stringify({ ...request, ...times }),
        { reply: this.#inbox },
      );
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #lookForSilence(): void {
    if (this.#arrived.failure !== undefined || performance.now() - this.#lastAt < silentMs) return;
    this.#lastAt = performance.now();
    if (this.#asked === 0) this.#pull();
    else
      this.#options.check().then(
        () => this.reconnected(),
        (error: Error) => this.fail(error),
      );
  }
}
