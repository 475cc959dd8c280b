/** A subscriber to everything, over all the crashes: it resumes after the last seq that it saw. */
export class Watcher {
  readonly seen: number[] = [];
  readonly faults: string[] = [];
  #socket: WebSocket | undefined;
  #last = 0;
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();

  connect(url: string): void {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", topic: "all", after: this.#last }));
    socket.onmessage = ({ data }) => {
      // What was under way on a connection that was given up does not count twice.
      if (this.#socket !== socket) return;
      const frame = JSON.parse(String(data)) as { type: string; seq: number; recovered?: boolean };
      if (frame.type === "subscribed" && frame.recovered !== true) {
        this.faults.push(`not recovered after ${this.#last}`);
      } else if (frame.type === "event") {
        if (frame.seq <= this.#last) this.faults.push(`seq ${frame.seq} after ${this.#last}`);
        this.#last = frame.seq;
        this.seen.push(frame.seq);
        this.#arrival.resolve();
        this.#arrival = Promise.withResolvers();
      }
    };
  }

  disconnect(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Waits until `seq` has been seen. */
  async reached(seq: number, timeoutMs: number): Promise<boolean> {
    const end = Date.now() + timeoutMs;
    while (this.#last < seq && Date.now() < end) await Promise.race([this.#arrival.promise, Bun.sleep(200)]);
    return this.#last >= seq;
  }
}
