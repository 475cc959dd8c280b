/**
 * A change as a record of the log: which of the store's methods makes it, when, and with which arguments. It is made when the log
 * is applied, and behind all that stands before it there. So its outcome depends on the log alone: its arguments have all that is
 * random, and its time stands for the clock.
 */
import type { Micros } from "./event.ts";
import { receipts } from "./receipt.ts";

/**
 * The changes that go through the log, by the store's method that makes them: the name of the record's kind, and the version of its
 * arguments. A kind keeps its name where the method gets another. Other arguments need a higher version, and the former ones are
 * still to be read: a journal may outlive the Mars that wrote it.
 */
export const changeKinds = {
  putLifecycle: ["lifecycle_put", 1],
  putAttributes: ["attributes_put", 1],
  putAppRetention: ["app_retention_put", 1],
  deleteAppRetention: ["app_retention_deleted", 1],
  markFindings: ["findings_marked", 1],
  putKeys: ["keys_put", 1],
  deleteKey: ["key_deleted", 1],
  changeSessions: ["sessions_changed", 1],
  putAlertRule: ["alert_rule_put", 1],
  deleteAlertRule: ["alert_rule_deleted", 1],
  putAlertSink: ["alert_sink_put", 1],
  deleteAlertSink: ["alert_sink_deleted", 1],
  putAlertCalendar: ["alert_calendar_put", 1],
  deleteAlertCalendar: ["alert_calendar_deleted", 1],
  addAlertSilence: ["alert_silence_added", 1],
  deleteAlertSilence: ["alert_silence_deleted", 1],
  putView: ["view_put", 1],
  deleteView: ["view_deleted", 1],
  putDeclaredThings: ["declared_things_put", 1],
  putSource: ["source_put", 1],
  deleteSource: ["source_deleted", 1],
  putBrokerCollector: ["broker_collector_put", 1],
  deleteBrokerCollector: ["broker_collector_deleted", 1],
  pauseBrokerCollector: ["broker_collector_paused", 1],
} as const satisfies Readonly<Record<string, readonly [kind: string, version: number]>>;

export type ChangeMethod = keyof typeof changeKinds;

export interface ChangeRecord {
  readonly method: ChangeMethod;
  /** When it was asked for. */
  readonly at: Micros;
  /** The method's arguments, as a JSON array. An argument that is absent is `null`. */
  readonly args: string;
}

/** One that the log has. */
export interface SequencedChange {
  readonly seq: number;
  readonly change: ChangeRecord;
}

/** A change to be made, and the range `(from, to]` of the log that it takes. */
export interface ChangeStep {
  readonly from: number;
  readonly to: number;
  readonly change: ChangeRecord;
}

/** The record of a change that is asked for now. @throws for arguments that JSON would not give back as they are */
export function changeRecord(method: ChangeMethod, args: readonly unknown[]): ChangeRecord {
  for (const arg of args) {
    if (arg === null) throw new TypeError(`an argument of ${method} is null`);
    assertPlain(method, arg);
  }
  return { method, at: receipts.next(), args: JSON.stringify(args) };
}

/** The arguments to call the method with. */
export function argsOf({ args }: ChangeRecord): unknown[] {
  return (JSON.parse(args) as unknown[]).map((arg) => (arg === null ? undefined : arg));
}

function assertPlain(method: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (!isPlain(value)) throw new TypeError(`an argument of ${method} cannot be written to the log`);
  for (const one of Object.values(value)) assertPlain(method, one);
}

function isPlain(value: unknown): value is object {
  if (Array.isArray(value)) return !value.includes(undefined);
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
