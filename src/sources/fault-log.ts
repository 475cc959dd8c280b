/** Notes in the log that deliveries of a source are not taken whole: once a minute for each source, bounded by their number. */
import type { Log } from "../core/ports.ts";

const everyMs = 60_000;

export class FaultLog {
  readonly #log: Pick<Log, "warn">;
  readonly #notedAt = new Map<string, number>();

  constructor(log: Pick<Log, "warn">) {
    this.#log = log;
  }

  /** @param reason the rule and not the value: what is at fault may be the sender's data */
  note(id: string, outcome: string, reason: string): void {
    const now = performance.now();
    if (now - (this.#notedAt.get(id) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    this.#notedAt.set(id, now);
    const fields = { event: "source_delivery_fault", source: id, outcome, reason };
    this.#log.warn("delivery of a source not taken whole", fields);
  }
}
