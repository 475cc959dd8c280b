/** The events of one OTLP request, and how many of its records are none, by reason. */
import type { MarsEvent } from "../../core/event.ts";
import { receipts } from "../../core/receipt.ts";
import { checkEvent, type Problems, type Sender } from "../../core/validate.ts";
import { eventOfLog } from "./log-event.ts";
import type { OtlpLog, OtlpSpan } from "./record.ts";
import { microsOf, type RecordContext, type RecordEvent, type RecordRefusal } from "./record-event.ts";
import { eventsOfSpan } from "./span-events.ts";

const meanings: Readonly<Record<RecordRefusal, string>> = {
  no_message_id: "without a message id",
  no_event_name: "without the name of an event",
  no_app_id: "without an app: mars.app_id or service.name of the resource",
  invalid: "with invalid fields",
  denied: "of apps that this key is not for",
  too_large: "longer than a record may be",
  invalid_span_event: "with invalid events of their own, which are left out",
};

export class OtlpBatch {
  readonly events: MarsEvent[] = [];
  /** By reason: records that are refused, and events of spans that are left out. */
  readonly refused = new Map<RecordRefusal, number>();
  readonly #problems: Problems;
  #records = 0;
  #rejected = 0;
  #firstProblem = "";

  constructor(sender: Sender) {
    this.#problems = { list: [], sender };
  }

  /** How many records came, refused ones too. */
  get records(): number {
    return this.#records;
  }

  /** How many of the records are refused. A span without one of its events is not. */
  get rejected(): number {
    return this.#rejected;
  }

  /** How many of these only since the sender may not report for their app. */
  get denied(): number {
    return this.refused.get("denied") ?? 0;
  }

  addLog(log: OtlpLog, context: RecordContext): void {
    const event = eventOfLog(log, context);
    this.#add(typeof event === "string" ? event : [event]);
  }

  addSpan(span: OtlpSpan, context: RecordContext): void {
    this.#add(eventsOfSpan(span, context));
  }

  /** Counts a record that is not even decoded. */
  refuse(reason: RecordRefusal): void {
    this.#records++;
    this.#rejected++;
    this.#count(reason);
  }

  /** For people: why records are refused; empty where none is. */
  get message(): string {
    const counts = [...this.refused].map(([reason, count]) => `${count} ${meanings[reason]}`);
    const first = this.#firstProblem === "" ? "" : ` (the first: ${this.#firstProblem})`;
    return counts.length === 0 ? "" : `records refused: ${counts.join("; ")}${first}`;
  }

  /** A record whose own event is valid is accepted; invalid ones of its further events are left out. */
  #add(record: readonly RecordEvent[] | string): void {
    if (typeof record === "string") {
      this.refuse(record as RecordRefusal);
      return;
    }
    const { list } = this.#problems;
    for (const [index, { input, time }] of record.entries()) {
      const denied = this.#problems.denied ?? 0;
      const event = checkEvent(input, receipts.next(), this.#problems, microsOf(time));
      if (event !== undefined) {
        this.events.push(event);
        continue;
      }
      const [first] = list;
      if (first !== undefined && this.#firstProblem === "")
        this.#firstProblem = `${first.field} ${first.message}`;
      list.length = 0;
      if (index > 0) {
        this.#count("invalid_span_event");
        continue;
      }
      this.refuse((this.#problems.denied ?? 0) > denied ? "denied" : "invalid");
      return;
    }
    this.#records++;
  }

  #count(reason: RecordRefusal): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }
}
