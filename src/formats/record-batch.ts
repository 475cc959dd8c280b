/** The events of one request in a format of others, what is wrong with its other records, and how many these are by reason. */
import type { FieldProblem } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import { problemsMax } from "../core/limits.ts";
import { receipts } from "../core/receipt.ts";
import { checkEvent, type EventInput, type Problems, type Sender } from "../core/validate.ts";

/** Why a record is no event. `ignored`: it is of a kind that Mars has no use for, which is no fault. */
export type RecordFault = "no_message_id" | "no_app_id" | "invalid" | "denied" | "too_large" | "ignored";

/** A record that is none. */
export interface NoEvent {
  readonly fault: RecordFault;
  /** None where it is ignored. */
  readonly problems: readonly FieldProblem[];
}

export class RecordBatch {
  readonly events: MarsEvent[] = [];
  /** Records that are no events, by reason. */
  readonly faults = new Map<RecordFault, number>();
  readonly #problems: Problems;
  #size = 0;

  constructor(sender: Sender) {
    this.#problems = { list: [], sender };
  }

  /** How many records came. */
  get size(): number {
    return this.#size;
  }

  /** How many are refused: those that are ignored are not. */
  get rejected(): number {
    return this.#size - this.events.length - (this.faults.get("ignored") ?? 0);
  }

  get denied(): number {
    return this.faults.get("denied") ?? 0;
  }

  /** At most `problemsMax`; `index` counts records from 0. */
  get problems(): readonly FieldProblem[] {
    return this.#problems.list;
  }

  add(record: EventInput | NoEvent): void {
    const index = this.#size++;
    if ("fault" in record) {
      this.#refuse(record.fault, record.problems, index);
      return;
    }
    const denied = this.#problems.denied ?? 0;
    this.#problems.index = index;
    const event = checkEvent(record, receipts.next(), this.#problems);
    if (event !== undefined) this.events.push(event);
    else this.#refuse((this.#problems.denied ?? 0) > denied ? "denied" : "invalid", [], index);
  }

  #refuse(fault: RecordFault, problems: readonly FieldProblem[], index: number): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    const { list } = this.#problems;
    list.push(...problems.map((problem) => ({ ...problem, index })));
    if (list.length > problemsMax) list.length = problemsMax;
  }
}
