/** A subscriber to all findings, over all the crashes: it resumes after the last change that it saw. */
import { parseTime } from "../../src/core/time.ts";

/** A finding as the topic has it. */
export interface WatchedFinding {
  readonly seq: number;
  readonly id: number;
  readonly message_id: string;
  readonly kind: string;
  readonly stage: string;
  readonly due_at: string;
  readonly raised_at: string;
  readonly retracted_at: string | null;
  readonly late_by_ms: number | null;
}

export class FindingWatcher {
  readonly findings: WatchedFinding[] = [];
  /** What holds by what was seen: what it is, and since when and by how much. */
  readonly holding = new Map<string, string>();
  readonly faults: string[] = [];
  #socket: WebSocket | undefined;
  #last = 0;

  static keyOf(finding: WatchedFinding): [key: string, value: string] {
    const lateBy = Math.round((finding.late_by_ms ?? 0) * 1_000);
    return [
      `${finding.message_id} ${finding.kind} ${finding.stage}`,
      `${parseTime(finding.due_at)} ${lateBy}`,
    ];
  }

  connect(url: string): void {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
    this.#socket = socket;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "subscribe", topic: "findings", after: this.#last }));
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      const frame = JSON.parse(String(data)) as {
        type: string;
        recovered?: boolean;
        finding: WatchedFinding;
      };
      if (frame.type === "subscribed" && frame.recovered !== true) {
        this.faults.push(`not recovered after ${this.#last}`);
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
  async reached(seq: number, timeoutMs: number): Promise<boolean> {
    const end = Date.now() + timeoutMs;
    while (this.#last < seq && Date.now() < end) await Bun.sleep(20);
    return this.#last >= seq;
  }

  #see(finding: WatchedFinding): void {
    if (finding.seq <= this.#last) this.faults.push(`change ${finding.seq} after ${this.#last}`);
    this.#last = finding.seq;
    this.findings.push(finding);
    const [key, value] = FindingWatcher.keyOf(finding);
    if (finding.retracted_at === null) this.holding.set(key, value);
    else this.holding.delete(key);
  }
}
