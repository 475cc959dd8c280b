/** What one part may ask of the next where alerts are concerned. */
import type { Micros } from "../core/event.ts";
import type {
  AlertRule,
  AlertSilence,
  AlertSink,
  Attempt,
  DeliveryPage,
  DeliveryQuery,
  Figures,
  Incident,
  IncidentKey,
  IncidentPage,
  IncidentQuery,
  Notification,
  SinkTarget,
} from "./alert.ts";

/** Changes rules, sinks and silences, which `AlertReader` reads. Answered by `alert/` for the edge. */
export interface Alerts {
  /** @throws `MarsError("invalid_argument")` for a sink that is not there, and beyond `rulesMax` */
  putRule(rule: AlertRule): Promise<void>;
  /** Ends the rule's incidents without a notification. @returns whether it was there */
  deleteRule(id: string): Promise<boolean>;
  /**
   * @returns the signing secret where one was made; no later answer has it
   * @throws `MarsError("invalid_argument")` for a target that Mars must not call, and beyond `sinksMax`
   */
  putSink(id: string, target: SinkTarget): Promise<string | undefined>;
  /** @returns whether it was there @throws `MarsError("invalid_argument")` while a rule names it */
  deleteSink(id: string): Promise<boolean>;
  /** Sends a notification of type `test` now. @returns what came of it; `undefined` where there is no such sink */
  testSink(id: string): Promise<Attempt | undefined>;
  /** @throws `MarsError("invalid_argument")` beyond `silencesMax` */
  addSilence(silence: Omit<AlertSilence, "id">): Promise<AlertSilence>;
  deleteSilence(id: number): Promise<boolean>;
}

/** Keeps alerts. Answered by `store/`. Rejects with `unavailable` while the database is away. */
export interface AlertStore {
  /** With the first rule, alerts begin with what is found from now on. */
  putAlertRule(rule: AlertRule): Promise<void>;
  deleteAlertRule(id: string, at: Micros): Promise<boolean>;
  putAlertSink(sink: AlertSink): Promise<void>;
  deleteAlertSink(id: string): Promise<boolean>;
  addAlertSilence(silence: Omit<AlertSilence, "id">): Promise<number>;
  deleteAlertSilence(id: number): Promise<boolean>;
  /** All or nothing, and once: rejects when the step before is not the one that it continues from. */
  commitAlerts(step: AlertStep): Promise<void>;
  /** An attempt, and what follows from it. Recording it again changes nothing. */
  recordAttempt(record: AttemptRecord): Promise<void>;
  /** A test, which has been sent already. */
  recordTest(delivery: NewDelivery, attempt: Attempt): Promise<void>;
  /** One bounded step of retention. @returns whether there may be more */
  pruneAlerts(before: Micros): Promise<boolean>;
}

/** Reads alerts. Answered by `store/`. Rejects with `unavailable` while the database is away. */
export interface AlertReader {
  alertRules(): Promise<AlertRule[]>;
  /** With their secrets. */
  alertSinks(): Promise<AlertSink[]>;
  /** The latest first. */
  alertSilences(): Promise<AlertSilence[]>;
  /** Where the evaluator goes on. */
  alertState(): Promise<AlertState>;
  /** How many findings of each group hold and were raised since; no count goes beyond `countMax + 1`. */
  alertCounts(groups: readonly FindingGroup[]): Promise<number[]>;
  /** The figures of each group. */
  alertFigures(groups: readonly FindingGroup[]): Promise<Figures[]>;
  /** What is to be sent now: the first of each sink that is not busy. */
  dueDeliveries(at: Micros, busy: readonly string[]): Promise<DueDeliveries>;
  alertIncidents(query: IncidentQuery): Promise<IncidentPage>;
  alertDeliveries(query: DeliveryQuery): Promise<DeliveryPage>;
}

/** Findings that hold, of one app, kind and stage. */
export interface FindingGroup extends Omit<IncidentKey, "rule" | "after"> {
  /** Of these versions of the lifecycle: the same stage may come after others in others. */
  readonly versions: readonly number[];
  /** Raised from here on (inclusive). */
  readonly since: Micros;
  /** Whose figures they are; absent where only the count is asked for. */
  readonly incident?: number;
}

export interface AlertState {
  /** Counts the evaluator's transactions. */
  readonly step: number;
  /** Every change of a finding up to here has been taken in. */
  readonly findingSeq: number;
  readonly lastIncident: number;
  readonly rules: readonly AlertRule[];
  /** Those that had not ended at the time. */
  readonly silences: readonly AlertSilence[];
  /** Those that last. */
  readonly incidents: readonly Incident[];
}

/** What one step of the evaluator writes. */
export interface AlertStep {
  /** One more than the step that it continues from. */
  readonly step: number;
  readonly findingSeq: number;
  /** As they are from now on. */
  readonly incidents: readonly Incident[];
  readonly deliveries: readonly (NewDelivery & { readonly incident: number; readonly change: number })[];
}

export interface NewDelivery {
  readonly sink: string;
  readonly state: "pending" | "silenced" | "delivered" | "failed";
  readonly webhookId: string;
  readonly notification: Notification;
  readonly createdAt: Micros;
}

export interface AttemptRecord {
  readonly delivery: number;
  /** Counts from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  readonly state: "pending" | "delivered" | "failed";
  /** 0 unless pending. */
  readonly nextAt: Micros;
}

export interface DueDelivery {
  readonly id: number;
  readonly sink: AlertSink;
  readonly webhookId: string;
  readonly notification: Notification;
  /** How many attempts there have been. */
  readonly attempts: number;
}

export interface DueDeliveries {
  readonly due: readonly DueDelivery[];
  /** Those that are due and cannot be read: to be given up, for they keep their sink from all that comes after them. */
  readonly unreadable: readonly Pick<DueDelivery, "id" | "attempts">[];
  /** When the next one is due that is not among them; absent where none waits. */
  readonly nextAt?: Micros;
}
