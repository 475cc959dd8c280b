/** The trivially right answer to what is wrong with a message, written from the rules and not from the code. */

/** A lifecycle as users write it, durations in microseconds. */
export interface NaiveLifecycle {
  readonly stages: readonly {
    readonly names: readonly string[];
    readonly after: readonly string[];
    readonly within?: number;
    readonly optional?: boolean;
  }[];
  readonly completeOn: readonly string[];
  readonly failOn: readonly string[];
  readonly grace: number;
}

export interface NaiveEvent {
  readonly event: string;
  readonly createdAt: number;
}

export interface NaiveFinding {
  readonly kind: string;
  readonly stage: string;
  readonly dueAt: number;
  readonly lateBy: number;
  /** From when on it holds; of what has happened, at once. */
  readonly from: number;
}

/** What holds at some time if nothing else comes. */
export function naiveFindings(lifecycle: NaiveLifecycle, events: readonly NaiveEvent[]): NaiveFinding[] {
  const first = (names: readonly string[]): number | undefined => {
    const times = events.filter(({ event }) => names.includes(event)).map(({ createdAt }) => createdAt);
    return times.length === 0 ? undefined : Math.min(...times);
  };
  const failed = lifecycle.failOn.filter((name) => first([name]) !== undefined);
  const completed = failed.length > 0 ? undefined : first(lifecycle.completeOn);
  const stageOf = (name: string) => lifecycle.stages.find(({ names }) => names.includes(name))!;
  const expected = (stage: NaiveLifecycle["stages"][number]): boolean => {
    if (stage.optional) return false;
    if (stage.after.length === 0) return true;
    if (first(stage.after) !== undefined) return true;
    // What should have come and did not; any of its alternatives would have led here.
    return stage.after.map(stageOf).some((before) => {
      return expected(before) && before.names.every((name) => stage.after.includes(name));
    });
  };
  const findings: NaiveFinding[] = [];
  for (const stage of lifecycle.stages) {
    const name = stage.names.join("|");
    const done = first(stage.names);
    const start = first(stage.after);
    const due = start === undefined || stage.within === undefined ? undefined : start + stage.within;
    if (done === undefined && completed !== undefined && expected(stage)) {
      const from = completed + lifecycle.grace;
      findings.push({ kind: "skipped", stage: name, dueAt: completed, lateBy: 0, from });
    }
    if (stage.optional || due === undefined) continue;
    if (done !== undefined && done > due + lifecycle.grace) {
      findings.push({ kind: "late", stage: name, dueAt: due, lateBy: done - due, from: 0 });
    }
    if (done === undefined && completed === undefined && failed.length === 0) {
      findings.push({ kind: "missing", stage: name, dueAt: due, lateBy: 0, from: due + lifecycle.grace });
    }
  }
  const [earliest] = failed.toSorted((a, b) => first([a])! - first([b])!);
  if (earliest !== undefined) {
    findings.push({ kind: "failed", stage: earliest, dueAt: first([earliest])!, lateBy: 0, from: 0 });
  }
  return findings;
}
