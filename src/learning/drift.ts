/** How what messages did differs from the lifecycle that they go by. Pure. */
import { type Definition, stageName } from "../lifecycle/definition.ts";
import type { DryRunResult } from "./dry-run.ts";
import type { Learned } from "./learn.ts";

export interface Drift {
  /** Messages that were old enough to be judged. */
  readonly messages: number;
  /** One sentence each. */
  readonly differences: readonly string[];
}

/** Characters of a name in a sentence. */
const nameCharsMax = 100;

/**
 * Events that the lifecycle does not know, required stages that no message reached, deadlines that more messages miss than may,
 * and stages whose order is reversed.
 *
 * @param learned of the same messages as the dry run of the definition
 */
export function driftOf(
  definition: Definition,
  learned: Learned,
  dryRun: DryRunResult,
  missedShare: number,
): Drift {
  const differences = [
    ...unknownEvents(definition, learned),
    ...unreachedStages(definition, learned),
    ...missedDeadlines(definition, dryRun, missedShare),
    ...reversedStages(definition, learned),
  ];
  return { messages: learned.judged, differences };
}

function unknownEvents({ stages, failOn, reopenOn = [] }: Definition, learned: Learned): string[] {
  const known = new Set([...stages.flatMap(({ events }) => events), ...failOn, ...reopenOn]);
  const counts = new Map<string, number | undefined>();
  for (const { events, count } of learned.stages) {
    // Of alternatives only the count of all is known.
    for (const event of events) counts.set(event, events.length === 1 ? count : undefined);
  }
  for (const { event, count } of learned.failures) counts.set(event, count);
  return [...counts]
    .filter(([event]) => !known.has(event))
    .map(([event, count]) => {
      const share =
        count === undefined
          ? ""
          : `, ${percentText(count / Math.max(1, learned.judged))} of messages have it`;
      return `the event ${shown(event)} is not known${share}`;
    });
}

function unreachedStages({ stages }: Definition, learned: Learned): string[] {
  const seen = new Set([
    ...learned.stages.flatMap(({ events }) => events),
    ...learned.failures.map(({ event }) => event),
    ...learned.leftOut.map(({ event }) => event),
  ]);
  return (
    stages
      // What others make is not among the events that were looked at.
      .filter(({ app, children }) => app === undefined && children === undefined)
      .filter(({ events, optional }) => !optional && !events.some((event) => seen.has(event)))
      .map((stage) => `the stage ${shown(stageName(stage))} is never reached`)
  );
}

function missedDeadlines(
  { stages }: Definition,
  { messages, findings }: DryRunResult,
  missedShare: number,
): string[] {
  return stages.flatMap((stage) => {
    const name = stageName(stage);
    const missed = findings
      .filter(({ kind, stage: of }) => of === name && (kind === "missing" || kind === "late"))
      .reduce((sum, { holding }) => sum + holding, 0);
    const share = missed / Math.max(1, messages);
    if (share <= missedShare) return [];
    return [
      `${percentText(share)} of messages miss the deadline of ${shown(name)}, more than ${percentText(missedShare)}`,
    ];
  });
}

/** Stages that come before what the lifecycle has them come after. */
function reversedStages({ stages }: Definition, learned: Learned): string[] {
  const before = new Map(
    learned.stages.flatMap(({ events, after }) => events.map((event) => [event, after] as const)),
  );
  /** Whether the event comes after one of these, with others between. */
  const comesAfter = (event: string, these: ReadonlySet<string>): boolean => {
    const seen = new Set<string>();
    const waiting = [...(before.get(event) ?? [])];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (these.has(next)) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(...(before.get(next) ?? []));
    }
    return false;
  };
  return stages.flatMap((stage) => {
    const own = new Set(stage.events);
    const first = stage.after.find((event) => before.has(event) && comesAfter(event, own));
    return first === undefined
      ? []
      : [`${shown(stageName(stage))} comes before ${shown(first)}, and not after it`];
  });
}

function percentText(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function shown(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  return line.length <= nameCharsMax ? line : `${line.slice(0, nameCharsMax - 1)}…`;
}
