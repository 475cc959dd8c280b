/** A delivery: one notification on its way to one sink, with every attempt. */
import type { Micros } from "../core/event.ts";
import type { Notification } from "./notification.ts";
import type { AlertSink } from "./sink.ts";

/**
 * - `pending`: to be sent, perhaps again. `delivered`: the sink accepted it.
 * - `failed`: no further attempt is made. `silenced`: a silence matched it, and it is not sent.
 * - `superseded`: a later notification of its incident took its place before it was delivered.
 */
export type DeliveryState = (typeof deliveryStates)[number];

export const deliveryStates = ["pending", "delivered", "failed", "silenced", "superseded"] as const;

export interface Delivery {
  readonly id: number;
  /** Absent for a test. */
  readonly incident?: number;
  readonly sink: string;
  readonly state: DeliveryState;
  /** The same for every attempt: a receiver drops the repeat of one that it has seen. */
  readonly webhookId: string;
  readonly notification: Notification;
  readonly createdAt: Micros;
  /** When the next attempt is made; 0 unless pending. */
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
  /** The beginning of the answer, at most 1 KiB. */
  readonly response: string;
}

export interface NewDelivery {
  readonly sink: string;
  readonly state: DeliveryState;
  readonly webhookId: string;
  readonly notification: Notification;
  readonly createdAt: Micros;
}

/** An attempt, and the delivery's state after it. */
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
  /** Number of attempts before. */
  readonly attempts: number;
  /** Names this Mars, see `incidentAlias`. */
  readonly origin: string;
}

export interface DueDeliveries {
  readonly due: readonly DueDelivery[];
  /** Due deliveries that cannot be read. They must be marked failed: until then they block all later ones of their sink. */
  readonly unreadable: readonly Pick<DueDelivery, "id" | "attempts">[];
  /** When the next delivery is due that is in neither list; absent where none waits. */
  readonly nextAt?: Micros;
}

export interface DeliveryQuery {
  readonly id?: number;
  /** Of incidents of this app. */
  readonly appId?: string;
  /** Of incidents of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
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
  /** Every change of a finding up to here has been evaluated. */
  readonly asOfSeq: number;
}
