/** A subscriber to all findings, over all the crashes: it resumes after the last change that it saw. */
import type { FindingJson } from "./world/shown.ts";

export class FindingWatcher {
  /** Every change that was seen. */
  readonly changes: FindingJson[] = [];
  /** The last change of each, by its id. */
  readonly last = new Map<number, FindingJson>();
  readonly faults: string[] = [];
  #socket: WebSocket | undefined;
  #seq = 0;

  connect(url: string): void {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
    this.#socket = socket;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "subscribe", topic: "findings", after: this.#seq }));
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      const frame = JSON.parse(String(data)) as { type: string; recovered?: boolean; finding: FindingJson };
      if (frame.type === "subscribed" && frame.recovered !== true) {
        this.faults.push(`not recovered after ${this.#seq}`);
      } else if (frame.type === "finding") {
        this.#see(frame.finding);
      }
    };
  }

  disconnect(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Waits until the change has been seen. */
  async reached(seq: number, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (this.#seq < seq && Date.now() < end) await Bun.sleep(20);
    if (this.#seq < seq) this.faults.push(`change ${seq} has not come, the last is ${this.#seq}`);
  }

  #see(finding: FindingJson): void {
    if (finding.seq <= this.#seq) this.faults.push(`change ${finding.seq} after ${this.#seq}`);
    this.#seq = finding.seq;
    this.changes.push(finding);
    this.last.set(finding.id, finding);
  }
}
