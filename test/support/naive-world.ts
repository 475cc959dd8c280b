/**
 * What Mars promises of all messages together: which events make each, what its journey and its children add to them, its runs, what
 * holds of each run at a time, what people have decided about that, and the state that comes of it. Written from the rules and not from
 * the code; slow and plain on purpose. One run is judged in `naive-lifecycle.ts`.
 */
import type { SequencedEvent } from "../../src/core/event.ts";
import { compareEvents } from "../../src/core/fold.ts";
import {
  holdsAt,
  type NaiveEvent,
  type NaiveFinding,
  type NaiveLifecycle,
  type NaiveOwed,
  type NaiveStage,
  naiveEnd,
  naiveFindings,
  naiveOwed,
  naiveRuns,
  naiveStage,
} from "./naive-lifecycle.ts";

/** A report that was accepted. */
export type NaiveReport = Pick<
  SequencedEvent,
  | "appId"
  | "messageId"
  | "event"
  | "createdAt"
  | "aheadBy"
  | "eventId"
  | "externalId"
  | "parentId"
  | "attributes"
>;

/** The mark that people have put on a finding. */
export interface NaiveMark {
  readonly run: number;
  readonly kind: string;
  readonly stage: string;
  readonly status: "acknowledged" | "resolved" | "ignored";
  readonly until?: "recurs" | "always";
  /** The due time of the occurrence that it was put on. */
  readonly dueAt: number;
}

/** A finding that holds, whether it is active or people have ended it. */
export interface NaiveFound extends NaiveFinding {
  readonly run: number;
  readonly endedBy?: "resolved" | "ignored";
  /** The status of its own mark. */
  readonly mark?: NaiveMark["status"];
}

/** A stage of a run. */
export interface NaiveProgress {
  readonly name: string;
  readonly done: number | undefined;
  readonly due: number | undefined;
  /** As the funnel counts it. */
  readonly status: "reached" | "waiting" | "overdue" | "never";
  readonly owed: NaiveOwed | undefined;
}

export interface NaiveRun {
  readonly number: number;
  readonly beganAt: number;
  readonly state: string;
  readonly events: readonly NaiveReport[];
  readonly stages: readonly NaiveProgress[];
}

export interface NaiveMessage {
  readonly appId: string;
  readonly messageId: string;
  /** Empty for none. */
  readonly parentId: string;
  /** Names of the journeys that it is a part of. */
  readonly journeys: ReadonlySet<string>;
  /** Each once, as they count. */
  readonly events: readonly NaiveReport[];
  readonly state: string;
  readonly overdueSince: number | undefined;
  /** Empty for a message that goes by no lifecycle. */
  readonly runs: readonly NaiveRun[];
  readonly findings: readonly NaiveFound[];
}

/** What is known beside the events: by which lifecycle a message goes, and what is marked of it. */
export interface NaiveRules {
  lifecycleOf(appId: string, messageId: string): NaiveLifecycle | undefined;
  marksOf(appId: string, messageId: string): readonly NaiveMark[];
  /** What became active before this time holds. */
  readonly clock: number;
}

/** @param reports in the order in which they were accepted */
export function naiveWorld(reports: readonly NaiveReport[], rules: NaiveRules): NaiveMessage[] {
  const messages = [...Map.groupBy(reports, ({ appId, messageId }) => JSON.stringify([appId, messageId]))];
  const members = messages.map(([, all]) => memberOf(all, rules));
  const others = new Others(members);
  // From nothing complete upwards, until nothing more follows: so a circle of parents completes nothing.
  const completed = new Map<Member, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const member of members) {
      const at = completionOf(member, others, completed);
      if (at === completed.get(member)) continue;
      if (at === undefined) completed.delete(member);
      else completed.set(member, at);
      changed = true;
    }
  }
  return members.map((member) => judge(member, others, completed, rules));
}

/**
 * The events that reports of one message make: of those with one identity the least by its contents counts, and it had happened by the
 * earliest time that any of them proves.
 */
export function naiveEvents<Report extends NaiveReport>(reports: readonly Report[]): Report[] {
  const identity = ({ event, eventId, createdAt, externalId, attributes, parentId }: Report) =>
    JSON.stringify(
      eventId === "" ? [event, createdAt, externalId, attributes, parentId] : [event, eventId, "id"],
    );
  return [...Map.groupBy(reports, identity).values()].map((same) => {
    const { aheadBy: _, ...least } = same.toSorted(byContents)[0]!;
    const aheadBy = least.createdAt - Math.min(...same.map((one) => one.createdAt - (one.aheadBy ?? 0)));
    return { ...least, ...(aheadBy !== 0 && { aheadBy }) } as Report;
  });
}

function byContents(a: NaiveReport, b: NaiveReport): number {
  return (
    a.createdAt - b.createdAt ||
    byBytes(a.externalId, b.externalId) ||
    byBytes(a.attributes, b.attributes) ||
    byBytes(a.parentId, b.parentId)
  );
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** As it is compared, which is not by these. */
function sequenced(report: NaiveReport): SequencedEvent {
  return { ...report, seq: 0, receivedAt: 0 };
}

interface Member extends Pick<NaiveMessage, "appId" | "messageId" | "parentId" | "journeys" | "events"> {
  readonly lifecycle: NaiveLifecycle | undefined;
}

function memberOf(reports: readonly NaiveReport[], { lifecycleOf }: NaiveRules): Member {
  const { appId, messageId } = reports[0]!;
  // Equal events go by the rest of their contents, not by arrival: which of them begins a run is no matter of that. What is dated ahead
  // of its receipt counts as of that.
  const known = naiveEvents(reports).toSorted((a, b) => compareEvents(sequenced(a), sequenced(b)));
  const events = known.map((one) => ({
    ...one,
    createdAt: one.createdAt - (one.aheadBy ?? 0),
  }));
  const lifecycle = lifecycleOf(appId, messageId);
  const journeys = new Set(events.map(({ externalId }) => externalId).filter((name) => name !== ""));
  if (lifecycle?.journeyBy !== undefined) journeys.add(messageId);
  const [parentId = ""] = events
    .map((one) => one.parentId)
    .filter((name) => name !== "")
    .sort(byBytes);
  return { appId, messageId, parentId, journeys, events, lifecycle };
}

type Completed = ReadonlyMap<Member, number>;

/** Finds the messages on which one depends. */
class Others {
  readonly #byJourney = new Map<string, Member[]>();
  readonly #byParent: ReadonlyMap<string, readonly Member[]>;

  constructor(members: readonly Member[]) {
    for (const member of members) {
      for (const name of member.journeys) {
        this.#byJourney.set(name, [...(this.#byJourney.get(name) ?? []), member]);
      }
    }
    this.#byParent = Map.groupBy(members, ({ appId, parentId }) => JSON.stringify([appId, parentId]));
  }

  /** The messages of other apps. */
  inJourneysOf({ appId, journeys }: Member): Member[] {
    const all = [...journeys].flatMap((name) => this.#byJourney.get(name) ?? []);
    return [...new Set(all)].filter((one) => one.appId !== appId);
  }

  childrenOf({ appId, messageId }: Member): readonly Member[] {
    return this.#byParent.get(JSON.stringify([appId, messageId])) ?? [];
  }
}

function completionOf(member: Member, others: Others, completed: Completed): number | undefined {
  const { lifecycle } = member;
  if (lifecycle === undefined) return undefined;
  return naiveEnd(lifecycle, runsOf(lifecycle, whole(member, others, completed)).at(-1)!).completed;
}

/** A message's own events, those of other apps in its journeys, and the stage that its children make. */
function whole(member: Member, others: Others, completed: Completed): NaiveEvent[] {
  const { events, lifecycle } = member;
  const stages = lifecycle?.stages ?? [];
  const ofOthers = stages.filter(({ app, children }) => app !== undefined || children !== undefined);
  // An own event that is called like one of others is none of these.
  const own = events.filter(({ event }) => !ofOthers.some(({ names }) => names.includes(event)));
  const linked = others
    .inJourneysOf(member)
    .flatMap((other) => other.events.map((one) => ({ ...one, event: `${other.appId}/${one.event}` })))
    .filter(({ event }) => ofOthers.some(({ names }) => names.includes(event)));
  return [...own, ...linked, ...childrenEvents(member, others, completed)];
}

/** Without an event that counts there is one run. */
function runsOf(
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
): readonly (readonly NaiveEvent[])[] {
  const runs = naiveRuns(lifecycle, events);
  return runs.length === 0 ? [[]] : runs;
}

function childrenEvents(member: Member, others: Others, completed: Completed): NaiveEvent[] {
  const stage = member.lifecycle?.stages.find((one) => one.children !== undefined);
  if (stage === undefined) return [];
  const children = others.childrenOf(member);
  const times = children.map((one) => completed.get(one));
  const said = saidOf(member, stage);
  const sizes = said.filter(({ size }) => isSize(size));
  const size = sizeOf(member, stage);
  if (children.length === 0 && size === 0) {
    return [{ event: stage.names[0]!, createdAt: Math.min(...sizes.map(({ at }) => at)) }];
  }
  if (children.length < Math.max(1, size) || times.includes(undefined)) return [];
  return [{ event: stage.names[0]!, createdAt: Math.max(...(times as number[])) }];
}

/** How many children there have to be: the largest number that its events say, and one where they say none. */
function sizeOf(member: Member, stage: NaiveStage): number {
  const sizes = saidOf(member, stage).flatMap(({ size }) => (isSize(size) ? [size] : []));
  return sizes.length === 0 ? 1 : Math.max(...sizes);
}

const isSize = (size: unknown): size is number => Number.isInteger(size) && Number(size) >= 0;

function saidOf({ events }: Member, { after, children }: NaiveStage): { size: unknown; at: number }[] {
  const count = children?.count;
  if (count === undefined) return [];
  return events
    .filter(({ event, attributes }) => after.includes(event) && attributes !== "")
    .map(({ attributes, createdAt }) => ({ size: JSON.parse(attributes)[count] as unknown, at: createdAt }))
    .filter(({ size }) => size !== undefined && size !== null);
}

function judge(
  member: Member,
  others: Others,
  completed: Completed,
  { marksOf, clock }: NaiveRules,
): NaiveMessage {
  const { lifecycle, ...message } = member;
  if (lifecycle === undefined) {
    return { ...message, state: "untracked", overdueSince: undefined, runs: [], findings: [] };
  }
  const marks = marksOf(member.appId, member.messageId);
  const findings: NaiveFound[] = [];
  const all = runsOf(lifecycle, whole(member, others, completed));
  const runs = all.map((events, index): NaiveRun => {
    const [number, former] = [index + 1, index < all.length - 1];
    const endOf = (one: NaiveFinding) => endedBy(marks, number, one);
    const holding = naiveFindings(lifecycle, events, former, (one) => endOf(one) !== undefined).filter(
      (one) => holdsAt(one, clock),
    );
    for (const one of holding) {
      const [end, mark] = [endOf(one), markOn(marks, number, one)];
      findings.push({
        ...one,
        run: number,
        ...(end && { endedBy: end }),
        ...(mark && { mark: mark.status }),
      });
    }
    const mine = findings.filter(({ run }) => run === number);
    const state = former ? formerState(lifecycle, events) : stateOf(lifecycle, events, mine);
    const ended = former || !["open", "overdue", "closed"].includes(state);
    const stages = lifecycle.stages.map((stage): NaiveProgress => {
      const { done, start } = naiveStage(lifecycle, events, stage);
      const name = stage.names.join("|");
      const missing = mine.find((one) => one.kind === "missing" && one.stage === name);
      const status =
        done !== undefined
          ? "reached"
          : ended || missing?.endedBy !== undefined
            ? "never"
            : missing !== undefined
              ? "overdue"
              : "waiting";
      const due = start === undefined || stage.within === undefined ? undefined : start + stage.within;
      const owed =
        stage.children === undefined
          ? naiveOwed(lifecycle, events, stage.names[0]!)
          : childrenOwed(member, others, completed, stage);
      return { name, done, due, status, owed };
    });
    const own = events.filter((one): one is NaiveReport => member.events.some((known) => known === one));
    const beganAt = Math.min(...(index === 0 ? member.events : events).map(({ createdAt }) => createdAt));
    return { number, beganAt, state, events: own, stages };
  });
  const missing = findings.filter(({ kind, endedBy: end }) => kind === "missing" && end === undefined);
  const overdueSince = missing.length === 0 ? undefined : Math.min(...missing.map(({ dueAt }) => dueAt));
  return { ...message, state: runs.at(-1)!.state, overdueSince, runs, findings };
}

/** How a run ended that is not the last one; nothing of it is missing. */
function formerState(lifecycle: NaiveLifecycle, events: readonly NaiveEvent[]): string {
  const { completed, failed } = naiveEnd(lifecycle, events);
  return failed !== undefined ? "failed" : completed !== undefined ? "complete" : "superseded";
}

function stateOf(
  lifecycle: NaiveLifecycle,
  events: readonly NaiveEvent[],
  found: readonly NaiveFound[],
): string {
  const { completed, failed } = naiveEnd(lifecycle, events);
  if (failed !== undefined) return "failed";
  if (completed !== undefined) return "complete";
  if (found.some(({ kind }) => kind === "abandoned")) return "abandoned";
  const missing = found.filter(({ kind }) => kind === "missing");
  if (missing.length === 0) return "open";
  return missing.some((one) => one.endedBy === undefined) ? "overdue" : "closed";
}

/** The mark that is on this occurrence of a finding. */
function markOn(marks: readonly NaiveMark[], run: number, finding: NaiveFinding): NaiveMark | undefined {
  const { kind, stage, dueAt } = finding;
  const mark = marks.find((one) => one.run === run && one.kind === kind && one.stage === stage);
  return mark !== undefined && (mark.until === "always" || mark.dueAt === dueAt) ? mark : undefined;
}

/** What is ignored for good is so in every run. */
function endedBy(
  marks: readonly NaiveMark[],
  run: number,
  finding: NaiveFinding,
): "resolved" | "ignored" | undefined {
  const always = marks.some(
    ({ kind, stage, until }) => until === "always" && kind === finding.kind && stage === finding.stage,
  );
  const mark = markOn(marks, run, finding);
  if (mark !== undefined && mark.status !== "acknowledged") return mark.status;
  return always ? "ignored" : undefined;
}

function childrenOwed(
  member: Member,
  others: Others,
  completed: Completed,
  stage: NaiveStage,
): NaiveOwed | undefined {
  const children = others.childrenOf(member);
  const missing = children.filter((one) => !completed.has(one)).map(({ messageId }) => messageId);
  const said = saidOf(member, stage);
  if (children.length === 0 && said.length === 0) return undefined;
  const expected = Math.max(sizeOf(member, stage), children.length);
  const received = children.length - missing.length;
  const [ignored] = said.flatMap(({ size }) => (isSize(size) ? [] : [JSON.stringify(size)])).sort();
  return {
    ...{ expected, received, missing: missing.sort(), extra: [], extraCount: 0, late: [], lateCount: 0 },
    ...(ignored !== undefined && { countIgnored: ignored }),
  };
}
