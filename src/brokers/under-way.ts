/** What is received and not acknowledged yet: chunks of messages, each with the promise of its end. */
import { type BrokerMessage, bytesOf } from "./engine.ts";

/** Messages that are mapped in one turn of the event loop. */
const chunkMessages = 256;
const chunkBytes = 1024 * 1024;

/** In their order; a single message may have more bytes. */
export function chunksOf(messages: readonly BrokerMessage[]): BrokerMessage[][] {
  const chunks: BrokerMessage[][] = [];
  let chunk: BrokerMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const more = bytesOf(message.body);
    if (chunk.length === chunkMessages || (chunk.length > 0 && bytes + more > chunkBytes)) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += more;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

/** Bounded by the window of the connection, which sends no more. */
export class UnderWay {
  readonly #chunks = new Map<readonly BrokerMessage[], Promise<void>>();
  #failure: unknown;

  add(messages: readonly BrokerMessage[], taking: Promise<void>): void {
    const ended = taking
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#chunks.delete(messages));
    this.#chunks.set(messages, ended);
  }

  /** Why the first one failed; `undefined` while none has. */
  get failure(): unknown {
    return this.#failure;
  }

  messages(): BrokerMessage[] {
    return [...this.#chunks.keys()].flat();
  }

  /** Resolves when none is left. */
  async ended(): Promise<void> {
    await Promise.all(this.#chunks.values());
  }
}
