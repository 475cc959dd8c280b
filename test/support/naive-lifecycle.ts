/** The trivially right answer to what is wrong with a message, written from the rules and not from the code. */

/** A lifecycle as users write it, durations in microseconds. */
export interface NaiveLifecycle {
  readonly stages: readonly {
    readonly names: readonly string[];
    readonly after: readonly string[];
    readonly within?: number;
    readonly optional?: boolean;
    readonly each?: { readonly of: string; readonly by: string };
    readonly times?: number;
  }[];
  readonly completeOn: readonly string[];
  readonly failOn: readonly string[];
  readonly grace: number;
}

export interface NaiveEvent {
  readonly event: string;
  readonly createdAt: number;
  /** JSON of an object; empty for none. */
  readonly attributes?: string;
}

export interface NaiveFinding {
  readonly kind: string;
  readonly stage: string;
  readonly dueAt: number;
  readonly lateBy: number;
  /** From when on it holds; of what has happened, at once. */
  readonly from: number;
}

/** Who owes a stage, and who has acknowledged it; `undefined` for an ordinary one, and while that is not known. */
export interface NaiveOwed {
  readonly expected: number;
  readonly received: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly extraCount: number;
  readonly late: readonly string[];
  readonly lateCount: number;
}

/** When an event's stage was done, which for most is when the event came first. */
export function naiveTime(
  { stages }: NaiveLifecycle,
  events: readonly NaiveEvent[],
  name: string,
): number | undefined {
  const of = (names: readonly string[]) => events.filter(({ event }) => names.includes(event));
  const own = of([name]).map(({ createdAt }) => createdAt);
  own.sort((a, b) => a - b);
  const stage = stages.find(({ names }) => names.includes(name));
  if (stage?.times !== undefined) return own[stage.times - 1];
  if (stage?.each === undefined) return own[0];
  if (of(stage.after).length === 0) return undefined;
  const owing = recipients(stage.each.of, of(stage.after));
  if (owing.length === 0) return own[0];
  const firsts = owing.map((who) => firstBy(stage.each!.by, of([name]), who));
  return firsts.includes(undefined) ? undefined : Math.max(...(firsts as number[]));
}

export function naiveOwed(
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
  name: string,
): NaiveOwed | undefined {
  const stage = lifecycle.stages.find(({ names }) => names.includes(name))!;
  const before = events.filter(({ event }) => stage.after.includes(event));
  const own = events.filter(({ event }) => event === name);
  const starts = stage.after
    .map((after) => naiveTime(lifecycle, events, after))
    .filter((at) => at !== undefined);
  const isLate = (at: number | undefined) =>
    at !== undefined && starts.length > 0 && at > Math.min(...starts) + stage.within! + lifecycle.grace;
  if (stage.times !== undefined) {
    if (before.length + own.length === 0) return undefined;
    const first = own.map(({ createdAt }) => createdAt).sort((a, b) => a - b);
    return {
      expected: stage.times,
      received: Math.min(stage.times, own.length),
      missing: [],
      extra: [],
      extraCount: Math.max(0, own.length - stage.times),
      late: [],
      lateCount: first.slice(0, stage.times).filter(isLate).length,
    };
  }
  if (stage.each === undefined) return undefined;
  const { of, by } = stage.each;
  const owing = recipients(of, before);
  if (owing.length === 0) return undefined;
  const missing = owing.filter((who) => firstBy(by, own, who) === undefined);
  const extra = [...new Set(own.map((one) => attribute(one, by)))]
    .filter((who): who is string => typeof who === "string" && who !== "" && !owing.includes(who))
    .sort();
  const late = owing.filter((who) => isLate(firstBy(by, own, who)));
  return {
    expected: owing.length,
    received: owing.length - missing.length,
    missing,
    extra,
    extraCount: extra.length,
    late,
    lateCount: late.length,
  };
}

function recipients(of: string, events: readonly NaiveEvent[]): string[] {
  const all = events.flatMap((one) => [attribute(one, of)].flat());
  return [...new Set(all.filter((who): who is string => typeof who === "string" && who !== ""))].sort();
}

function firstBy(by: string, events: readonly NaiveEvent[], who: string): number | undefined {
  const times = events.filter((one) => attribute(one, by) === who).map(({ createdAt }) => createdAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

function attribute({ attributes = "" }: NaiveEvent, name: string): unknown {
  return attributes === "" ? undefined : JSON.parse(attributes)[name];
}

/** What holds at some time if nothing else comes. */
export function naiveFindings(lifecycle: NaiveLifecycle, events: readonly NaiveEvent[]): NaiveFinding[] {
  const first = (names: readonly string[]): number | undefined => {
    const times = names
      .map((name) => naiveTime(lifecycle, events, name))
      .filter((time) => time !== undefined);
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
