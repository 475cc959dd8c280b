/**
 * Alerts: which findings lead to notifications, where these go, and when.
 *
 * An incident groups findings of one rule, app, kind and hop (`after` → `stage`). It has a notification when it opens, one
 * from time to time while it is active, and one when it is resolved. Each is delivered to every sink of the rule, with as
 * many attempts as it takes.
 *
 * An incident is active while a `missing` finding of it is active, and until none was raised for the rule's window. The
 * second condition keeps findings that come and go from causing a notification at every turn.
 */
import type { Micros } from "../core/event.ts";
import type { FindingKind } from "../lifecycle/finding.ts";

export const rulesMax = 1_000;
export const sinksMax = 100;
/** Those that have not ended. */
export const silencesMax = 1_000;
/** Sinks of one rule. */
export const ruleSinksMax = 10;
export const recipientsMax = 20;
/** Incidents that last at one time; beyond it no new one begins, which the log says. */
export const incidentsMax = 10_000;
export const atLeastMax = 100_000;
/** What figures count up to; above it, texts have "more than". */
export const countMax = 100_000;
export const samplesMax = 3;

export interface AlertRule {
  /** Chosen by the user: 1–64 of `A–Z a–z 0–9 . _ -`. */
  readonly id: string;
  /** Absent: every app. */
  readonly appId?: string;
  readonly kinds: readonly FindingKind[];
  /** The stage's name; absent: every stage. */
  readonly stage?: string;
  /** What the stage comes after, by name; absent: anything. */
  readonly after?: string;
  /** An incident opens with so many active findings that were raised within `windowMs`. */
  readonly atLeast: number;
  readonly windowMs: number;
  /** Time between reminders of an active incident; 0 for none. */
  readonly repeatMs: number;
  readonly sinks: readonly string[];
}

/** What a sink is put with. */
export type SinkTarget =
  | {
      /** Signed by Standard Webhooks, https://www.standardwebhooks.com. `secret` absent: kept, or made. */
      readonly type: "webhook";
      readonly url: string;
      readonly secret?: string;
    }
  | {
      /** Whatever takes Slack's incoming webhooks. The URL is a secret by itself. */
      readonly type: "slack";
      readonly url: string;
    }
  | { readonly type: "email"; readonly to: readonly string[] };

export type AlertSink = SinkTarget & { readonly id: string };

/** What of an incident is silent. Absent means any; what has none is everything. */
export interface SilenceMatch {
  readonly appId?: string;
  readonly rule?: string;
  readonly stage?: string;
  readonly kind?: FindingKind;
}

export interface AlertSilence extends SilenceMatch {
  readonly id: number;
  readonly until: Micros;
  readonly createdAt: Micros;
  /** Empty where none was given. */
  readonly comment: string;
}

/** What is grouped into one incident. */
export interface IncidentKey {
  readonly rule: string;
  readonly appId: string;
  readonly kind: FindingKind;
  readonly stage: string;
  readonly after: string;
}

export interface Incident extends IncidentKey {
  readonly id: number;
  readonly openedAt: Micros;
  /** Versions of the lifecycle that its findings go by; the latest 100. */
  readonly versions: readonly number[];
  /** Of the kinds that never cease to hold, what was raised from here on counts; 0 for `missing`, of which all that holds does. */
  readonly countedFrom: Micros;
  readonly firstRaisedAt: Micros;
  readonly lastRaisedAt: Micros;
  /** Time of the last notification that was not silenced; 0 before the first. */
  readonly notifiedAt: Micros;
  /** A silence held a notification back. */
  readonly silenced: boolean;
  /** How many notifications there have been; numbers them. */
  readonly changes: number;
  /** 0 while it lasts. */
  readonly closedAt: Micros;
  /** Text of the last notification; empty before the first. */
  readonly text: string;
}

/** Counts and samples of an incident at one moment. */
export interface Figures {
  /** At most `countMax + 1`. */
  readonly count: number;
  /** The earliest `dueAt`; absent where nothing counts any more. */
  readonly since?: Micros;
  /** The greatest `lateBy`. */
  readonly lateBy: Micros;
  /** Ids of messages: those found first. */
  readonly samples: readonly string[];
  /** How many messages it has counted that retention has deleted since, still unfinished; absent for none. */
  readonly expired?: number;
}

/** `incident.expired`: it ends, not because all is well, but because retention has deleted what it counted. */
export type NotificationType =
  | "incident.opened"
  | "incident.reminder"
  | "incident.resolved"
  | "incident.expired"
  | "test";

/** The same for every sink; each sink has its own format. */
export interface Notification {
  readonly type: NotificationType;
  readonly at: Micros;
  /** One line for people. */
  readonly text: string;
  /** Absent for `test`. */
  readonly incident?: IncidentKey & {
    readonly id: number;
    /** Counts the notifications of the incident, so that a receiver can put them in order. */
    readonly change: number;
    readonly openedAt: Micros;
    readonly figures: Figures;
  };
}

/**
 * - `pending`: to be sent, perhaps again. `delivered`: the sink took it.
 * - `failed`: given up. `silenced`: a silence kept it back, and it is not sent.
 */
export type DeliveryState = "pending" | "delivered" | "failed" | "silenced";

export const deliveryStates: readonly DeliveryState[] = ["pending", "delivered", "failed", "silenced"];

/** One notification on its way to one sink. */
export interface Delivery {
  readonly id: number;
  /** Absent for a test. */
  readonly incident?: number;
  readonly sink: string;
  readonly state: DeliveryState;
  /** Stays the same for every attempt: a receiver that has seen it drops the repeat. */
  readonly webhookId: string;
  readonly notification: Notification;
  readonly createdAt: Micros;
  /** When it is tried next; 0 unless pending. */
  readonly nextAt: Micros;
  readonly attempts: readonly Attempt[];
}

/** One attempt to deliver. */
export interface Attempt {
  readonly at: Micros;
  readonly durationMs: number;
  readonly outcome: "delivered" | "failed";
  /** The HTTP status or SMTP reply code; 0 where none came. */
  readonly status: number;
  /** Why it failed, at most 500 characters; empty where it did not. */
  readonly error: string;
  /** What was answered, cut at 1 KiB. */
  readonly response: string;
}

export interface IncidentQuery {
  readonly appId?: string;
  readonly rule?: string;
  readonly state: "active" | "resolved" | "any";
  readonly limit: number;
  readonly cursor?: string;
}

export interface IncidentPage {
  /** Those that last first, then the latest closed. */
  readonly incidents: readonly Incident[];
  readonly nextCursor?: string;
}

export interface DeliveryQuery {
  readonly sink?: string;
  readonly incident?: number;
  readonly state?: DeliveryState;
  readonly limit: number;
  readonly cursor?: string;
}

export interface DeliveryPage {
  /** The latest first. */
  readonly deliveries: readonly Delivery[];
  readonly nextCursor?: string;
}

/** Whether a silence keeps the incident back. */
export function silences(match: SilenceMatch, incident: IncidentKey): boolean {
  return (
    (match.appId === undefined || match.appId === incident.appId) &&
    (match.rule === undefined || match.rule === incident.rule) &&
    (match.stage === undefined || match.stage === incident.stage) &&
    (match.kind === undefined || match.kind === incident.kind)
  );
}
