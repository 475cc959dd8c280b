/**
 * A lifecycle: which stages a message of an app goes through, and by when. Users write it as JSON:
 *
 *     { "stages": [
 *         { "event": "CREATED" },
 *         { "event": "ACCEPTED", "after": "CREATED", "within": "2s" },
 *         { "any_of": ["SENT_SMS", "SENT_PUSH"], "after": "ACCEPTED", "within": "1m" },
 *         { "event": "ACKED", "after": "SENT_PUSH", "within": "1m", "each": { "of": "recipients", "by": "client" } },
 *         { "app": "payments", "event": "CAPTURED", "after": "ACCEPTED", "within": "5m" },
 *         { "children": "complete", "after": "ACCEPTED", "within": "1h", "count": "size" },
 *         { "event": "OPENED", "optional": true } ],
 *       "complete_on": ["SENT_SMS", "SENT_PUSH"], "fail_on": ["BOUNCED"], "grace": "500ms", "give_up": "3d",
 *       "recovers": true, "reopen_on": ["REOPENED"] }
 *
 * The stage of the messages that name this one as their parent is called `children`. A stage of another app is called by its app and its event, `payments/CAPTURED`, in `after`, `complete_on` and `fail_on` too. An event
 * of the app itself that is so called is none of its events.
 *
 * Everything here is pure and has no clock.
 */
import { formatDuration, parseDuration } from "../core/duration.ts";
import { nameOfEvents } from "../core/stage-name.ts";

export const stagesMax = 50;
/** Events that one stage may name as alternatives, or as what starts its clock; and those that end a message. */
export const namesMax = 20;
/** Stages of a lifecycle that are owed by several, and how often one may have to come. */
export const owedStagesMax = 10;
export const timesMin = 2;
export const timesMax = 1_000;
/** Bytes of an attribute's name. */
export const attributeBytesMax = 256;
export const durationMsMin = 1;
export const durationMsMax = 30 * 86_400_000;
export const giveUpMsMax = 365 * 86_400_000;

export interface Stage {
  /** Any of these events is the stage; nearly always one. Of a stage of another app by the names of `linkedName`. */
  readonly events: readonly string[];
  /** Its events are those of the messages of this app that belong to the same journey. Absent: of the message itself. */
  readonly app?: string;
  /** Any of these events starts the stage's clock; empty for the first stage, which opens a message. */
  readonly after: readonly string[];
  /** From the clock's start; absent where the stage has all the time in the world. */
  readonly withinMs?: number;
  /** No finding is raised when it does not come. */
  readonly optional: boolean;
  /** It is done when all messages are complete that name this one as their parent: see `children.ts`. */
  readonly children?: ChildrenStage;
  /**
   * It is owed by several: by each that the attribute `of` of the events of `after` lists, which the attribute `by` of its own
   * event names. Only for a stage of one event. See `owed.ts`.
   */
  readonly each?: Each;
  /** It is done with so many events, `timesMin` to `timesMax`; absent for one. */
  readonly times?: number;
}

export interface ChildrenStage {
  /** The attribute of an event of `after` that says how many there have to be. Absent: at least one. */
  readonly count?: string;
}

/** How a lifecycle calls the stage of a message's children. */
export const childrenName = "children";

/** Names of attributes, at the top level. */
export interface Each {
  readonly of: string;
  readonly by: string;
}

export interface Definition {
  /** The first one opens a message. No event belongs to two stages. */
  readonly stages: readonly Stage[];
  /** Any of these events completes a message. Each belongs to a stage. */
  readonly completeOn: readonly string[];
  /** Any of these events means that a message failed, with or without other events. None of them completes it. */
  readonly failOn: readonly string[];
  /** How much later than due a stage may come before a finding is raised: clocks differ. */
  readonly graceMs: number;
  /** A message that failed and has an event of `completeOn` at or after its last failure is complete. Absent: it stays failed. */
  readonly recovers?: true;
  /**
   * Each of these events begins a new run of a message, unless it is the message's very first event; see `runs.ts`. At most
   * `namesMax`, none of which ends a message. Absent: a message has one run.
   */
  readonly reopenOn?: readonly string[];
  /** A message is abandoned so long after its longest overdue stage was due; absent where it is waited for without end. */
  readonly giveUpMs?: number;
  /** A message's id is a name of its journey, beside the external ids of its events. Absent: those alone. */
  readonly journeyBy?: "message_id";
}

/** How a lifecycle calls the event of another app. */
export function linkedName(app: string, event: string): string {
  return `${app}/${event}`;
}

/** The event that another app calls so. */
export function linkedEvent(app: string, name: string): string {
  return name.slice(app.length + 1);
}

/** Whether more counts of a message than the first event of each name. */
export function isMoreThanFirsts({ stages, recovers, reopenOn }: Definition): boolean {
  const more = stages.some(({ app, children, each, times }) =>
    [app, children, each, times].some((one) => one !== undefined),
  );
  return more || recovers === true || reopenOn !== undefined;
}

/** One version of an app's lifecycle. */
export interface LifecycleVersion {
  readonly appId: string;
  /** Counts from 1 within the app. */
  readonly version: number;
  /** When it was put, in microseconds. */
  readonly createdAt: number;
  /** Who put it, as the audit names them (`Author.who`); absent where that is not known. */
  readonly putBy?: string;
  /** Why, in the words of who put it. */
  readonly note?: string;
  /** It holds for messages whose first event came after this seq. */
  readonly afterSeq: number;
  /** Absent where this version ended the lifecycle: later messages have none. */
  readonly definition?: Definition;
  /** How far it follows messages that were stored before it; absent where it does not. */
  readonly backfill?: Backfill;
}

export interface Backfill {
  /** Messages that were looked at, and how many there were when it began. */
  readonly done: number;
  readonly of: number;
  readonly ended: boolean;
}

/** The name of a stage: its event, or its alternatives joined. */
export function stageName(stage: Pick<Stage, "events">): string {
  return nameOfEvents(stage.events);
}

/** The name of the stage that a stage comes after; empty for the first. */
export function afterName(stage: Pick<Stage, "after">): string {
  return nameOfEvents(stage.after);
}

/** The result of `definitionToJson`. */
export interface DefinitionJson {
  readonly stages: readonly {
    readonly app?: string;
    readonly event?: string;
    readonly any_of?: readonly string[];
    readonly children?: "complete";
    readonly count?: string;
    readonly after?: string | readonly string[];
    readonly within?: string;
    readonly optional?: boolean;
    readonly each?: Each;
    readonly times?: number;
  }[];
  readonly complete_on: readonly string[];
  readonly fail_on?: readonly string[];
  readonly grace: string;
  readonly recovers?: true;
  readonly reopen_on?: readonly string[];
  readonly give_up?: string;
  readonly journey_by?: "message_id";
}

/** The definition as a user would write it: what `api/definition.ts` reads, in one spelling only. */
export function definitionToJson(definition: Definition): DefinitionJson {
  return {
    stages: definition.stages.map((stage) => ({
      ...(stage.app !== undefined && { app: stage.app }),
      ...eventsToJson(stage),
      ...(stage.after.length > 0 && { after: stage.after.length === 1 ? stage.after[0]! : stage.after }),
      ...(stage.withinMs !== undefined && { within: formatDuration(stage.withinMs) }),
      ...(stage.optional && { optional: true }),
      ...(stage.each !== undefined && { each: stage.each }),
      ...(stage.times !== undefined && { times: stage.times }),
    })),
    complete_on: definition.completeOn,
    ...(definition.failOn.length > 0 && { fail_on: definition.failOn }),
    grace: formatDuration(definition.graceMs),
    ...(definition.recovers && { recovers: true }),
    ...(definition.reopenOn !== undefined && { reopen_on: definition.reopenOn }),
    ...(definition.giveUpMs !== undefined && { give_up: formatDuration(definition.giveUpMs) }),
    ...(definition.journeyBy !== undefined && { journey_by: definition.journeyBy }),
  };
}

function eventsToJson({ app, events, children }: Stage) {
  if (children !== undefined) return { children: "complete" as const, ...children };
  const names = app === undefined ? events : events.map((name) => linkedEvent(app, name));
  return names.length === 1 ? { event: names[0]! } : { any_of: names };
}

/** Reads a stored definition. It was valid when it was put, and stays readable where later rules would refuse it. */
export function readDefinition(text: string): Definition {
  const {
    stages,
    complete_on,
    fail_on = [],
    grace,
    recovers,
    reopen_on,
    give_up,
    journey_by,
  } = JSON.parse(text) as DefinitionJson;
  return {
    stages: stages.map(
      ({ app, event, any_of = [], children, count, after = [], within, optional = false, each, times }) => ({
        ...(app !== undefined && { app }),
        ...(children !== undefined && { children: count === undefined ? {} : { count } }),
        events: (children !== undefined ? [childrenName] : event === undefined ? any_of : [event]).map(
          (name) => (app === undefined ? name : linkedName(app, name)),
        ),
        after: typeof after === "string" ? [after] : after,
        ...(within !== undefined && { withinMs: parseDuration(within)! }),
        optional,
        ...(each !== undefined && { each }),
        ...(times !== undefined && { times }),
      }),
    ),
    completeOn: complete_on,
    failOn: fail_on,
    graceMs: parseDuration(grace)!,
    ...(recovers && { recovers }),
    ...(reopen_on !== undefined && { reopenOn: reopen_on }),
    ...(give_up !== undefined && { giveUpMs: parseDuration(give_up)! }),
    ...(journey_by !== undefined && { journeyBy: journey_by }),
  };
}
