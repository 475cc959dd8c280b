/** The ports between alerts, the database and the protocols. */
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import type { Micros } from "../core/event.ts";
import type { Window } from "../core/window.ts";
import type { PublishedPage } from "./alert-topic.ts";
import type { CareChange, CareRecord, Note } from "./care.ts";
import type { HopTimes, HopTimesQuery } from "./conditions/hop-times.ts";
import type {
  Attempt,
  AttemptRecord,
  DeliveryPage,
  DeliveryQuery,
  DueDeliveries,
  NewDelivery,
} from "./delivery.ts";
import type { CountGroup, FigureGroup, Figures, Hop } from "./figures.ts";
import type { AlertCalendar } from "./hours/schedule.ts";
import type { Incident, IncidentKey, IncidentPage, IncidentQuery, StoredIncident } from "./incident.ts";
import type { IncidentHistoryPage } from "./incident-topic.ts";
import type { Preview } from "./preview/preview.ts";
import type { AlertRule, RulePage } from "./rule.ts";
import type { AlertSilence, SilencePage } from "./silence.ts";
import type { AlertSink, SinkTarget } from "./sink.ts";

/** Changes rules, sinks and silences, which `AlertReader` reads. Implemented by `alerts.ts` for `api/`. */
export interface Alerts {
  /** @throws `MarsError("invalid_argument")` for an unknown sink, and beyond `rulesMax` */
  putRule(rule: AlertRule, by: Author): Promise<void>;
  /** Its incidents end. @returns whether the rule existed */
  deleteRule(id: string, by: Author): Promise<boolean>;
  /**
   * Secrets that are absent or `(hidden)` in the target are kept: see `sinks/hidden.ts`.
   *
   * @param overlapMs how long a signing secret that is replaced goes on; 0 ends all former ones; default: `overlapMsDefault`
   * @throws `MarsError("invalid_argument")` for a target that Mars must not call, for a secret that cannot be kept, and
   *   beyond `sinksMax`
   */
  putSink(id: string, target: SinkTarget, by: Author, overlapMs?: number): Promise<PutSink>;
  /** Checks as `putSink` does, and stores nothing. */
  trySink(id: string, target: SinkTarget): Promise<TriedSink>;
  /** @returns whether the sink existed @throws `MarsError("invalid_argument")` while a rule names it */
  deleteSink(id: string, by: Author): Promise<boolean>;
  /** Sends a notification of type `test` now. @returns the attempt; `undefined` for an unknown sink */
  testSink(id: string, by: Author): Promise<Attempt | undefined>;
  /** @throws `MarsError("invalid_argument")` beyond `silencesMax` */
  addSilence(silence: Omit<AlertSilence, "id">, by: Author): Promise<AlertSilence>;
  deleteSilence(id: number, by: Author): Promise<boolean>;
  /** The last figures of an incident of a condition; absent where it was not measured yet. */
  measured(incident: IncidentKey): Figures | undefined;
  /** See `care` of `care.ts`. */
  care(id: number, change: CareChange, by: Author): Promise<StoredIncident | undefined>;
  /**
   * Sends a notification again, with the same id.
   *
   * @param force also one that is not the last word to its sink about its incident
   * @returns whether the delivery exists @throws `MarsError("invalid_argument")` for one that is out of date, or whose sink is gone
   */
  redeliver(id: number, force: boolean, by: Author): Promise<boolean>;
  readonly calendars: AlertCalendars;
}

export interface AlertPreviews {
  /** @throws as `Trials` does */
  preview(rule: AlertRule, window: Window, caller: Caller): Promise<Preview>;
}

export interface AlertCalendars {
  /** @throws `MarsError("invalid_argument")` beyond `calendarsMax` */
  put(calendar: AlertCalendar, by: Author): Promise<void>;
  /** @returns whether the calendar existed @throws `MarsError("invalid_argument")` while a rule names it */
  delete(id: string, by: Author): Promise<boolean>;
}

/** A sink that is stored. */
export interface PutSink {
  /** With its secrets. */
  readonly sink: AlertSink;
  /** The signing secret where one was made; no later answer has it. */
  readonly madeSecret?: string;
}

/** A sink as it would be, beside the one that it would replace. */
export interface TriedSink {
  readonly sink: AlertSink;
  readonly before: AlertSink | undefined;
}

/** Stores alerts. Changes of users go to the audit; putting what is there already is none. Implemented by `db/alerts/`. Rejects with `unavailable` while the database is away. */
export interface AlertStore {
  /**
   * With the first rule, alerts begin with the findings that are raised from now on.
   *
   * @param at from when on it counts, unless one is replaced that would open the same incidents
   */
  putAlertRule(rule: AlertRule, by: Author, at: Micros): Promise<void>;
  deleteAlertRule(id: string, by: Author): Promise<boolean>;
  /**
   * Where the sink leads to another receiver than the one with its id, that one is still notified of the end of incidents that it
   * was notified of, and the new one of those that are active.
   */
  putAlertSink(sink: AlertSink, by: Author): Promise<void>;
  /** It is still notified of the end of incidents that it was notified of. */
  deleteAlertSink(id: string, by: Author): Promise<boolean>;
  putAlertCalendar(calendar: AlertCalendar, by: Author): Promise<void>;
  deleteAlertCalendar(id: string, by: Author): Promise<boolean>;
  addAlertSilence(silence: Omit<AlertSilence, "id">, by: Author): Promise<number>;
  deleteAlertSilence(id: number, by: Author): Promise<boolean>;
  /** @returns the seq of the change */
  careForIncident(record: CareRecord, by: Author): Promise<number>;
  /** See `Alerts`. */
  redeliver(id: number, force: boolean, by: Author): Promise<boolean>;
  /**
   * All or nothing, and once: rejects when the step before is not the one that it continues from.
   *
   * @returns the seq of the last change of any incident
   */
  commitAlerts(step: AlertStep): Promise<number>;
  /** What a rule's condition goes on from after a restart, as JSON. It goes with the rule, and may be lost with the machine's power. */
  noteAlertLook(rule: string, at: Micros, look: object): Promise<void>;
  /** Gives a delivery its place in the sequence of the topics of alerts, once. @returns the last place of all */
  publishAlert(delivery: number): Promise<number>;
  /** Records an attempt and the delivery's new state. Recording it again changes nothing. */
  recordAttempt(record: AttemptRecord): Promise<void>;
  /** Records a test, which has been sent already. */
  recordTest(delivery: NewDelivery, attempt: Attempt, by: Author): Promise<void>;
  /** Takes a message's id out of what is recorded for its app; without an id those of all messages that are gone. */
  redactAlerts(appId: string, messageId: string | undefined): Promise<void>;
  /** One bounded step of retention. @returns whether there may be more */
  pruneAlerts(before: Micros): Promise<boolean>;
}

/** Reads alerts. Implemented by `db/alerts/`. Rejects with `unavailable` while the database is away. */
export interface AlertReader {
  alertRules(): Promise<AlertRule[]>;
  /** With their secrets. */
  alertSinks(): Promise<AlertSink[]>;
  alertCalendars(): Promise<AlertCalendar[]>;
  alertRulePage(query: AlertPageQuery): Promise<RulePage>;
  alertSilences(query: AlertPageQuery): Promise<SilencePage>;
  /** Where the evaluator continues. */
  alertState(): Promise<AlertState>;
  /**
   * Active findings of each finding group, without those of messages that arrived longer after they were due than
   * `importedAfter`; no count goes beyond `countMax + 1`.
   */
  alertCounts(groups: readonly CountGroup[]): Promise<number[]>;
  /** How long the hops of an app took. */
  alertHopTimes(query: HopTimesQuery): Promise<HopTimes[]>;
  /** When the last such event came that a rule waits for, by its receipt; 0 for not since the rule was put. */
  alertArrivedAt(appId: string, event: string): Promise<Micros>;
  /** The last look at each rule that goes on from it: see `AlertStore.noteAlertLook`. */
  alertLooks(): Promise<{ readonly rule: string; readonly look: unknown }[]>;
  /** How long after they were due the first events of their messages arrived, by the ids of findings; of those that are there. */
  alertArrivals(findings: readonly number[]): Promise<[id: number, after: Micros][]>;
  /**
   * The figures of each finding group, without `hopP99`.
   *
   * @param max no count goes beyond one more; default: `countMax`
   */
  alertFigures(groups: readonly FigureGroup[], max?: number): Promise<Figures[]>;
  /** `Figures.hopP99` of each hop; `undefined` where no message has passed it. */
  alertHopP99s(hops: readonly Hop[], clock: Micros): Promise<(Micros | undefined)[]>;
  /** A page of what was published on the topics of alerts in `(after, upTo]`; of one rule where it is given. */
  publishedAlerts(query: PublishedQuery): Promise<PublishedPage>;
  /** The last place in the sequence of the topics of alerts; 0 for none. */
  lastPublishedAlert(): Promise<number>;
  /** The first due delivery of each sink that is not busy. */
  dueDeliveries(at: Micros, busy: readonly string[]): Promise<DueDeliveries>;
  alertIncident(id: number): Promise<StoredIncident | undefined>;
  /** A page of the incidents whose last change is in `(after, upTo]`; of one app, or one of them. */
  incidentHistory(query: IncidentHistoryQuery): Promise<IncidentHistoryPage>;
  /** The seq of the last change of any incident; 0 for none. */
  lastIncidentSeq(): Promise<number>;
  /** Of an incident, in their order. */
  alertNotes(incident: number): Promise<Note[]>;
  alertIncidents(query: IncidentQuery): Promise<IncidentPage>;
  alertDeliveries(query: DeliveryQuery): Promise<DeliveryPage>;
}

export interface PublishedQuery {
  readonly after: number;
  readonly upTo: number;
  readonly rule?: string;
}

export interface IncidentHistoryQuery {
  readonly after: number;
  readonly upTo: number;
  readonly appId?: string;
  readonly id?: number;
}

/** A page of a list without filters. */
export interface AlertPageQuery {
  /** Of this app. */
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly limit: number;
  readonly cursor?: string;
}

export interface AlertState {
  /** Numbers the evaluator's transactions. */
  readonly step: number;
  /** Every change of a finding up to here has been applied. */
  readonly findingSeq: number;
  readonly lastIncident: number;
  readonly rules: readonly AlertRule[];
  /** Ids of the rules that cannot be read. */
  readonly unreadableRules: readonly string[];
  /** Those that had not ended when they were read. */
  readonly silences: readonly AlertSilence[];
  readonly calendars: readonly AlertCalendar[];
  /** The active ones, and those that may reopen. */
  readonly incidents: readonly Incident[];
}

/** A step of the evaluator, written in one transaction. */
export interface AlertStep {
  /** One more than the step that it continues from. */
  readonly step: number;
  readonly findingSeq: number;
  /** Their new values. */
  readonly incidents: readonly Incident[];
  readonly deliveries: readonly IncidentDelivery[];
}

/** A new delivery of the incident's change with this number. */
export interface IncidentDelivery extends NewDelivery {
  readonly incident: number;
  readonly change: number;
}
