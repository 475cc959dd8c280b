/**
 * The trivially right answer to what is wrong with one run of a message, written from the rules and not from the code. All messages
 * together, with their journeys, children and marks, are in `naive-world.ts`.
 */
import type { Definition } from "../../src/lifecycle/definition.ts";

/** A lifecycle as users write it, durations in microseconds. */
export interface NaiveLifecycle {
  readonly stages: readonly NaiveStage[];
  readonly completeOn: readonly string[];
  readonly failOn: readonly string[];
  readonly grace: number;
  readonly recovers?: boolean;
  readonly reopenOn?: readonly string[];
  readonly giveUp?: number;
  readonly journeyBy?: "message_id";
}

export interface NaiveStage {
  /** Of a stage of another app, `app/event`. */
  readonly names: readonly string[];
  readonly after: readonly string[];
  readonly within?: number;
  readonly optional?: boolean;
  readonly each?: { readonly of: string; readonly by: string };
  readonly times?: number;
  readonly app?: string;
  readonly children?: { readonly count?: string };
}

/** The lifecycle that Mars has read. */
export function naiveLifecycle(definition: Definition): NaiveLifecycle {
  const { stages, graceMs, giveUpMs, ...rest } = definition;
  return {
    ...rest,
    stages: stages.map(({ events, withinMs, ...stage }) => ({
      ...stage,
      names: events,
      ...(withinMs !== undefined && { within: withinMs * 1_000 }),
    })),
    grace: graceMs * 1_000,
    ...(giveUpMs !== undefined && { giveUp: giveUpMs * 1_000 }),
  };
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
  /** Until when: the message is abandoned then. Absent for ever. */
  readonly until?: number;
}

export function holdsAt({ from, until }: NaiveFinding, clock: number): boolean {
  return from < clock && !(until !== undefined && until < clock);
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
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
  name: string,
): number | undefined {
  const of = (names: readonly string[]) => events.filter(({ event }) => names.includes(event));
  const own = of([name]).map(({ createdAt }) => createdAt);
  own.sort((a, b) => a - b);
  const stage = lifecycle.stages.find(({ names }) => names.includes(name));
  if (stage?.times !== undefined) return own[stage.times - 1];
  if (stage?.each === undefined) return own[0];
  const before = of(withOpenings(lifecycle, stage.after));
  if (before.length === 0) return undefined;
  const owing = recipients(stage.each.of, before);
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
  const after = withOpenings(lifecycle, stage.after);
  const before = events.filter(({ event }) => after.includes(event));
  const own = events.filter(({ event }) => event === name);
  const starts = after.map((one) => naiveTime(lifecycle, events, one)).filter((at) => at !== undefined);
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
  const extra = [...new Set(own.flatMap((one) => nameOf(attribute(one, by))))]
    .filter((who) => !owing.includes(who))
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
  return [...new Set(all.flatMap(nameOf))].sort();
}

/** A text, or the digits of a whole number; nothing else names anyone. */
function nameOf(value: unknown): string[] {
  const name = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof name === "string" && name !== "" ? [name] : [];
}

function firstBy(by: string, events: readonly NaiveEvent[], who: string): number | undefined {
  const times = events
    .filter((one) => nameOf(attribute(one, by))[0] === who)
    .map(({ createdAt }) => createdAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

function attribute({ attributes = "" }: NaiveEvent, name: string): unknown {
  return attributes === "" ? undefined : JSON.parse(attributes)[name];
}

/**
 * The runs of a message, each with its events: sorted by time, then by what no stage names, stages, failures, and what reopens a
 * message; and cut before each event that reopens it, but not before the first.
 */
export function naiveRuns<Event extends NaiveEvent>(
  { stages, failOn, reopenOn = [] }: NaiveLifecycle,
  events: readonly Event[],
): Event[][] {
  const order = [...stages.map(({ names }) => names), failOn, reopenOn];
  const rank = ({ event }: NaiveEvent) => order.findIndex((names) => names.includes(event));
  const sorted = events.toSorted(
    (a, b) =>
      a.createdAt - b.createdAt || rank(a) - rank(b) || (a.event < b.event ? -1 : a.event > b.event ? 1 : 0),
  );
  const runs: Event[][] = [];
  for (const one of sorted) {
    if (runs.length === 0 || reopenOn.includes(one.event)) runs.push([]);
    runs.at(-1)!.push(one);
  }
  return runs;
}

export interface NaiveEnd {
  readonly completed: number | undefined;
  readonly failed: number | undefined;
}

/** How one run ended. */
export function naiveEnd(lifecycle: NaiveLifecycle, events: readonly NaiveEvent[]): NaiveEnd {
  const { completeOn, failOn, recovers, stages } = lifecycle;
  const failures = events.filter(({ event }) => failOn.includes(event)).map(({ createdAt }) => createdAt);
  const isSingle = (name: string) => {
    const stage = stages.find(({ names }) => names.includes(name))!;
    return stage.each === undefined && stage.times === undefined;
  };
  // Of a stage that several owe there is one time, of any other each of its events.
  const completions = completeOn.flatMap((name) =>
    isSingle(name)
      ? events.filter(({ event }) => event === name).map(({ createdAt }) => createdAt)
      : [naiveTime(lifecycle, events, name) ?? []].flat(),
  );
  if (failures.length === 0) return { completed: minOf(completions), failed: undefined };
  const after = completions.filter((at) => at >= Math.max(...failures));
  return recovers === true && after.length > 0
    ? { completed: minOf(after), failed: undefined }
    : { completed: undefined, failed: minOf(failures) };
}

function minOf(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The names of stages, and with the first one's what reopens a message and is no stage: it stands for that one. */
function withOpenings(
  { stages, reopenOn = [] }: NaiveLifecycle,
  names: readonly string[],
): readonly string[] {
  const others = reopenOn.filter((name) => !stages.some((stage) => stage.names.includes(name)));
  return names.some((name) => stages[0]!.names.includes(name)) ? [...names, ...others] : names;
}

/** When a stage of a run was done and when its clock started. */
export function naiveStage(
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
  stage: NaiveStage,
): { readonly done: number | undefined; readonly start: number | undefined } {
  const first = (names: readonly string[]) => {
    const times = withOpenings(lifecycle, names).map((name) => naiveTime(lifecycle, events, name));
    return minOf(times.filter((time) => time !== undefined));
  };
  return { done: first(stage.names), start: first(stage.after) };
}

/**
 * What holds of one run at some time if nothing else comes.
 *
 * @param former whether another run has begun since
 * @param isOver whether people have ended a finding: nothing is given up because of it
 */
export function naiveFindings(
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
  former = false,
  isOver: (finding: NaiveFinding) => boolean = () => false,
): NaiveFinding[] {
  const { stages, reopenOn = [] } = lifecycle;
  const { completed, failed } = naiveEnd(lifecycle, events);
  const has = (names: readonly string[]) => events.some(({ event }) => names.includes(event));
  const stageOf = (name: string) => stages.find(({ names }) => names.includes(name))!;
  const reopenedAtStage = has(reopenOn.filter((name) => stages.some(({ names }) => names.includes(name))));
  const expected = (stage: NaiveStage): boolean => {
    if (stage.optional) return false;
    if (stage === stages[0]) return !reopenedAtStage;
    if (naiveStage(lifecycle, events, stage).start !== undefined) return true;
    // What should have come and did not; any of its alternatives would have led here.
    return stage.after.map(stageOf).some((before) => {
      return expected(before) && before.names.every((name) => stage.after.includes(name));
    });
  };
  const findings: NaiveFinding[] = [];
  for (const stage of stages) {
    const name = stage.names.join("|");
    const { done, start } = naiveStage(lifecycle, events, stage);
    const due = start === undefined || stage.within === undefined ? undefined : start + stage.within;
    if (done === undefined && completed !== undefined && expected(stage)) {
      const from = completed + lifecycle.grace;
      findings.push({ kind: "skipped", stage: name, dueAt: completed, lateBy: 0, from });
    }
    if (stage.optional || due === undefined) continue;
    if (done !== undefined && done > due + lifecycle.grace) {
      findings.push({ kind: "late", stage: name, dueAt: due, lateBy: done - due, from: 0 });
    }
    if (done === undefined && completed === undefined && failed === undefined && !former) {
      findings.push({ kind: "missing", stage: name, dueAt: due, lateBy: 0, from: due + lifecycle.grace });
    }
  }
  const missing = findings.filter((one) => one.kind === "missing" && !isOver(one));
  if (lifecycle.giveUp !== undefined && missing.length > 0) {
    const dueAt = Math.min(...missing.map((one) => one.dueAt));
    const { stage } = missing.find((one) => one.dueAt === dueAt)!;
    const from = Math.max(dueAt + lifecycle.giveUp, dueAt + lifecycle.grace);
    for (const one of missing) findings[findings.indexOf(one)] = { ...one, until: from };
    findings.push({ kind: "abandoned", stage, dueAt, lateBy: 0, from });
  }
  if (failed !== undefined) {
    const first = lifecycle.failOn.find((name) =>
      events.some(({ event, createdAt }) => event === name && createdAt === failed),
    )!;
    findings.push({ kind: "failed", stage: first, dueAt: failed, lateBy: 0, from: 0 });
  }
  return findings;
}
