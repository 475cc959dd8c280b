/**
 * Reads all events of messages that were reopened, or failed and may recover, in short; and of each of their runs who owes a
 * stage. The cost of a message is bounded: as elsewhere, its first 10,000 events are looked at.
 */
import { runEventsSql } from "../../gen/sql.ts";
import { type OwedEvents, recipientBytesMax, recipientsMax } from "../../lifecycle/owed.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import type { Run, RunEvent } from "../../lifecycle/runs.ts";
import { rowsOf } from "../rows.ts";
import { lookedAtMax } from "./event-fold.ts";
import type { Execute, OwedReadOptions } from "./owed-events.ts";

/** An event with when it was received. */
export interface ReceivedEvent extends RunEvent {
  readonly receivedAt: number;
}

/** A message whose events are asked for. */
export interface RunMessage {
  readonly message: number;
  /** How many events it has, for the size of a read; at most `lookedAtMax` count. */
  readonly events: number;
}

/** The events of each message, by their `created_at` and name. */
export async function readRunEvents(
  execute: Execute,
  messages: Iterable<RunMessage>,
  { upTo }: Pick<OwedReadOptions, "upTo">,
): Promise<Map<number, ReceivedEvent[]>> {
  const found = new Map<number, ReceivedEvent[]>();
  let asked: number[] = [];
  let events = 0;
  const read = async () => {
    if (asked.length === 0) return;
    const args = [JSON.stringify(asked), upTo, lookedAtMax];
    const answers = rowsOf<EventRow[]>(await execute({ sql: runEventsSql.read, args }));
    for (const [index, message] of asked.entries()) {
      const rows = answers[index] ?? [];
      found.set(
        message,
        rows.map(([seq, event, at, receivedAt]) => ({ seq, event, at, receivedAt })),
      );
    }
    asked = [];
    events = 0;
  };
  for (const { message, events: size } of messages) {
    events += Math.min(size, lookedAtMax);
    if (events > lookedAtMax) {
      await read();
      events = Math.min(size, lookedAtMax);
    }
    asked.push(message);
  }
  await read();
  return found;
}

/** Of each of these runs the events of the stages that are owed by several, by `Plan.owed`. */
export async function readRunsOwed(
  execute: Execute,
  plan: Plan,
  runs: readonly Run<ReceivedEvent>[],
): Promise<OwedEvents[][]> {
  if (plan.owed.length === 0) return runs.map(() => []);
  const asked: { readonly row: string; readonly seqs: number; readonly set: (row: OwedRow) => void }[] = [];
  const found = runs.map(({ events }) =>
    plan.owed.map(({ event, after, each, times }): OwedEvents => {
      const before = events.filter((one) => after.includes(one.event));
      const own = events.filter((one) => one.event === event);
      const receipts = own.map(({ receivedAt }) => receivedAt).sort((a, b) => a - b);
      const owed = {
        listed: [] as string[],
        named: [] as [string, number, number][],
        started: before.length > 0,
        count: own.length,
        first: own.slice(0, times).map(({ at }) => at),
        receivedAt: receipts[times - 1] ?? null,
      };
      if (each !== undefined && before.length > 0) {
        const seqsOf = (list: readonly RunEvent[]) => list.map(({ seq }) => seq);
        const row = JSON.stringify([seqsOf(before), seqsOf(own), pathOf(each.of), pathOf(each.by)]);
        const set = ([listed, named]: OwedRow) => Object.assign(owed, { listed, named });
        asked.push({ row, seqs: before.length + own.length, set });
      }
      return owed;
    }),
  );
  for (let at = 0; at < asked.length; ) {
    const some = [asked[at]!];
    let seqs = some[0]!.seqs;
    for (at += 1; at < asked.length && seqs + asked[at]!.seqs <= lookedAtMax; at++) {
      seqs += asked[at]!.seqs;
      some.push(asked[at]!);
    }
    const args = [`[${some.map(({ row }) => row).join(",")}]`, recipientsMax + 1, recipientBytesMax];
    const answers = rowsOf<OwedRow>(await execute({ sql: runEventsSql.owed, args }));
    for (const [index, { set }] of some.entries()) set(answers[index]!);
  }
  return found;
}

/** A name as a JSON path. */
function pathOf(name: string): string {
  return `$."${name}"`;
}

type EventRow = [seq: number, event: string, at: number, receivedAt: number];
type OwedRow = [listed: string[], named: [name: string, at: number, receivedAt: number][]];
