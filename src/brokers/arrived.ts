/** The queue between the callbacks of a client library and the reads of a consumer. */

/** Messages that have come and are not read yet. Bounded by what was asked for: see `Window`. */
export class Arrived<Message> {
  #messages: Message[] = [];
  #waiter: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Those that have come and are not read. */
  get waiting(): readonly Message[] {
    return this.#messages;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#wake();
  }

  /** Nothing comes any more. What has come is read first. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** See `BrokerConnection.read`. */
  async read(signal: AbortSignal): Promise<readonly Message[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (this.#messages.length === 0 && !signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        this.#waiter ??= Promise.withResolvers();
        await this.#waiter.promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }
}
