/** The share of messages that deviate at a hop. Pure. */
import type { FindingKind } from "../../lifecycle/finding.ts";
import type { ShareCondition } from "./condition.ts";
import { type Measured, wholeShare } from "./measured.ts";

/** Messages with one of these at a stage should have reached it, and have not. */
const notReached: readonly FindingKind[] = ["missing", "skipped", "abandoned"];

/** The kinds of findings that have to be counted: those of the rule, and those of messages that should have reached the stage. */
export function kindsToCount(kinds: readonly FindingKind[]): FindingKind[] {
  return isOfFailure(kinds) ? [...kinds] : [...new Set([...kinds, ...notReached])];
}

/** Failures are a share of the messages that ended: of the whole way, and not of a hop. */
export function isOfFailure(kinds: readonly FindingKind[]): boolean {
  return kinds.includes("failed");
}

/**
 * @param counts of findings that were raised within the window and are active, by kind
 * @param passed messages that reached the hop's end within the window; for failures those that completed
 */
export function measureShare(
  condition: ShareCondition,
  kinds: readonly FindingKind[],
  {
    counts,
    passed,
    atLeast,
  }: {
    readonly counts: ReadonlyMap<FindingKind, number>;
    readonly passed: number;
    readonly atLeast: number;
  },
): Measured & { readonly count: number } {
  const sum = (of: readonly FindingKind[]) => of.reduce((all, kind) => all + (counts.get(kind) ?? 0), 0);
  const count = sum(kinds);
  const messages = passed + sum(isOfFailure(kinds) ? kinds : notReached);
  // A message that is late has passed; one whose hop was not counted, as of a version before, is there all the same.
  const value = Math.round((count * wholeShare) / Math.max(messages, count, 1));
  const bound = Math.round(condition.above * wholeShare);
  return {
    count,
    value,
    bound,
    messages: Math.max(messages, count),
    holds: count >= atLeast && value > bound,
  };
}
