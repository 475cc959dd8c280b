/** The runs of a page of histories: of those messages that were reopened, or failed and may recover. */
import type { HistoryRun } from "../../learning/history.ts";
import { completionOf, withOwed } from "../../lifecycle/owed.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { firstTimes, needsEvents, runsOf, withRecovery } from "../../lifecycle/runs.ts";
import type { Execute } from "../messages/owed-events.ts";
import { type ReceivedEvent, readRunEvents, readRunsOwed } from "../messages/run-events.ts";

/** A message of a page. */
export interface HistoryMessage {
  readonly message: number;
  readonly events: number;
  /** Of its events, as far as they count. */
  readonly names: ReadonlySet<string>;
}

/** By the message. The page bounds how many events that are. */
export async function readHistoryRuns(
  execute: Execute,
  plan: Plan,
  messages: readonly HistoryMessage[],
): Promise<ReadonlyMap<number, readonly HistoryRun[]>> {
  const found = new Map<number, readonly HistoryRun[]>();
  const reruns = messages.filter(({ names }) => needsEvents(plan, [], names));
  for (const [message, events] of await readRunEvents(execute, reruns, { upTo: Number.MAX_SAFE_INTEGER })) {
    const runs = runsOf(plan, events);
    const owed = await readRunsOwed(execute, plan, runs);
    const histories = runs.map(({ events: theirs }, index): HistoryRun => {
      const times = withRecovery(plan, withOwed(plan, firstTimes(plan, theirs), owed[index]!), theirs);
      const receivedAt = firstReceipts(plan, theirs);
      for (const [place, stage] of plan.owed.entries()) {
        receivedAt[stage.slot] = completionOf(stage, owed[index]![place]!)?.receivedAt ?? null;
      }
      return { times, receivedAt, beganAt: theirs[0]?.receivedAt ?? 0 };
    });
    found.set(message, histories);
  }
  return found;
}

/** @param events in order */
function firstReceipts(plan: Plan, events: readonly ReceivedEvent[]): (number | null)[] {
  const byName = new Map(events.toReversed().map((one) => [one.event, one.receivedAt]));
  return [...plan.slots.keys()].map((name) => byName.get(name) ?? null);
}
