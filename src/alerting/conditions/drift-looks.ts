/** Looks whether messages differ from their lifecycle: once an hour at most for each rule, one at a time. The looks run beside the evaluator. */
import type { Micros } from "../../core/event.ts";
import type { Log } from "../../core/ports.ts";
import type { AlertStore } from "../ports.ts";
import { differencesMax } from "./measured.ts";

const hour: Micros = 3_600_000_000;
/** After a look that failed: others may have learned meanwhile, of which few run at one time. */
const retryAfter: Micros = 300_000_000;

export interface DriftQuery {
  readonly appId: string;
  /** The messages of the day before are looked at, as far as they go by the lifecycle in force. */
  readonly clock: Micros;
  readonly missedShare: number;
}

export interface DriftAnswer {
  /** Messages that were old enough to be judged. */
  readonly messages: number;
  /** One sentence each. */
  readonly differences: readonly string[];
}

/** Learns from an app's messages, and compares with its lifecycle. `undefined` where it has none. */
export type FindDrift = (query: DriftQuery) => Promise<DriftAnswer | undefined>;

export interface DriftLook extends DriftAnswer {
  readonly lookedAt: Micros;
}

export interface DriftLooksOptions {
  readonly drift: FindDrift;
  readonly store: Pick<AlertStore, "noteAlertLook">;
  readonly log: Log;
}

export class DriftLooks {
  readonly #options: DriftLooksOptions;
  /** The last look at each rule. */
  readonly #looks = new Map<string, DriftLook>();
  readonly #failedAt = new Map<string, Micros>();
  /** The rule that is looked at now; empty for none. */
  #running = "";

  constructor(options: DriftLooksOptions) {
    this.#options = options;
  }

  /** The rule is another one now, or gone. */
  forget(rule: string): void {
    this.#looks.delete(rule);
    this.#failedAt.delete(rule);
    if (this.#running === rule) this.#running = `${rule} before`;
  }

  /**
   * Begins a look where one is due and none runs.
   *
   * @param noted the last look of the run before
   * @returns the last look; absent before the first has ended
   */
  look(rule: string, query: DriftQuery, noted: DriftLook | undefined): DriftLook | undefined {
    const last = this.#looks.get(rule) ?? noted;
    const { clock } = query;
    const dueAt = Math.max(
      (last?.lookedAt ?? -hour) + hour,
      (this.#failedAt.get(rule) ?? -retryAfter) + retryAfter,
    );
    if (this.#running === "" && clock >= dueAt) {
      this.#running = rule;
      void this.#run(rule, query).finally(() => {
        this.#running = "";
      });
    }
    return last;
  }

  /** Never rejects. */
  async #run(rule: string, query: DriftQuery): Promise<void> {
    const { drift, store, log } = this.#options;
    try {
      const { messages = 0, differences = [] } = (await drift(query)) ?? {};
      if (this.#running !== rule) return;
      const look = { messages, differences: differences.slice(0, differencesMax), lookedAt: query.clock };
      this.#looks.set(rule, look);
      await store.noteAlertLook(rule, query.clock, look);
    } catch (error) {
      this.#failedAt.set(rule, query.clock);
      log.warn("drift could not be looked for, trying again", { event: "drift_look_failed", rule, error });
    }
  }
}
