/** The statistics of Mars: the answer of `GET /api/q/stats`. */

import type { ConsumerStats } from "../core/broker-collector.ts";
import type { PageCheckStep } from "../core/ports.ts";
import type { GraceStats } from "../core/refusals.ts";
import type { RetentionStats } from "../core/retention.ts";
import type { SourceStats } from "../core/source-stats.ts";
import type { SpanStats } from "../core/spans.ts";
import type { ClockStats } from "../core/time-record.ts";
import type { TimingStats } from "../core/timing.ts";
import type { TlsStats } from "../core/tls.ts";
import type { BudgetStats } from "./budget-stats.ts";
import type { FairQueueStats } from "./fair-queue.ts";
import type { SendBudgetStats } from "./send-budget.ts";
import type { SharesStats } from "./shares.ts";

/** Events that wait between log and store. Counts are events unless named otherwise. */
export interface WriterStats {
  /** On disk and in a collector, all of them together; the original's name for it. */
  readonly event_collector_queue: number;
  /** The same by collector. */
  readonly collectors: readonly number[];
  /** By collector, since the start. */
  readonly collected: {
    readonly events: readonly number[];
    /** How often it had as many events of a batch as it may. */
    readonly times_full: readonly number[];
  };
  /** Batches since the start, by the reason for which each was closed: see `Trigger`. */
  readonly batches: Readonly<Record<"size" | "bytes" | "interval" | "drain" | "change", number>>;
  /** Since the start: dated later than their receipt by more than `MARS_SKEW_MAX`. */
  readonly events_ahead: number;
}

/** The pipeline in `GET /api/q/stats`. Counts are events unless named otherwise. */
export interface PipelineStats extends WriterStats {
  /** Waiting for the fsync, by collector. */
  readonly admission: readonly number[];
  readonly journal: {
    readonly bytes: number;
    readonly bytes_max: number;
    readonly last_seq: number;
    /** Files of the journal that were set aside as damaged, in all of its runs. */
    readonly damaged_files: number;
    readonly segments: number;
    /** Each is synced. */
    readonly writes: TimingStats;
  };
  readonly store: {
    readonly stored_seq: number;
    /** Accepted and not yet stored. */
    readonly behind: number;
    readonly available: boolean;
    /** Bytes of the database's write-ahead log that one of its readers, a backup perhaps, keeps from being emptied. */
    readonly log_bytes: number;
    /** The last failure's message, empty when the last attempt succeeded. */
    readonly last_error: string;
    /** Failed ones too. */
    readonly transactions: TimingStats;
    /** From the receipt of the oldest event of each transaction until it was stored. */
    readonly stored_after: TimingStats;
  };
  readonly projector: {
    /** Up to here events count in states and findings. */
    readonly projected_seq: number;
    /** Stored and not there yet. */
    readonly behind: number;
    /** The last failure's message, empty when the last attempt succeeded. */
    readonly last_error: string;
    readonly findings: FindingStats;
    /** Failed ones too. */
    readonly steps: TimingStats;
    /** For how long a deadline has passed that has not been judged yet; 0 where there is none. */
    readonly deadlines_behind_ms: number;
  };
  /** Of settings, by the log: since the start, and waiting for what stands before them. */
  readonly changes: { readonly made: number; readonly refused: number; readonly waiting: number };
  /** Messages that go by a lifecycle which came after them, of the backfill that runs now; `null` where none does. */
  readonly backfill: { readonly done: number; readonly of: number } | null;
  readonly clock: ClockStats;
  readonly grace: GraceStats;
  readonly retention: RetentionStats;
  /** Events and messages that could never be applied and wait for the operator's decision. */
  readonly set_aside: { readonly count: number; readonly count_max: number };
  /** The embedded database's pages against their checksums; `null` for a database server, and before the first look. */
  readonly database: PageCheckStep | null;
  /** Since the start. */
  readonly totals: {
    readonly accepted: number;
    readonly refused: number;
    readonly stored: number;
    readonly duplicates: number;
    readonly published: number;
    /** Values of attributes that `MARS_MASK_ATTRIBUTES` has replaced. */
    readonly masked_values: number;
    /** Traces of events and requests that were invalid, and ignored. */
    readonly ignored_traceparents: number;
  };
}

/** Backups that Mars makes by itself. */
export interface BackupScheduleStats {
  readonly url: string;
  readonly every_ms: number;
  readonly keep: number;
  /** Complete ones that are there. */
  readonly kept: number;
  /** The newest complete one. Its bytes are known where this run has made it. */
  readonly last: { readonly at: string; readonly name: string; readonly bytes: number | null } | null;
  readonly next_at: string | null;
  readonly failures_in_a_row: number;
  readonly last_error: string;
}

/** Backups since the start. */
export interface BackupStats {
  readonly running: boolean;
  readonly made: number;
  readonly failures: number;
  /** The last failure's message, empty when the last backup was complete. */
  readonly last_error: string;
  /** The last complete one: when it ended, up to which seq, its bytes, and how long it took. */
  readonly last: {
    readonly at: string;
    readonly seq: number;
    readonly bytes: number;
    readonly ms: number;
  } | null;
}

/** Changes of findings since the start. */
export interface FindingStats {
  readonly raised: number;
  readonly retracted: number;
  readonly by_kind: Readonly<Record<"raised" | "retracted", Readonly<Record<string, number>>>>;
}

/** The configuration file of this run, as it was last read. */
export interface ConfigFileStats {
  /** Whether what it declares holds. */
  readonly applied: boolean;
  /** When a file was last read and applied; `null` before the first time. */
  readonly applied_at: string | null;
  /** Files that were broken, or declared what Mars refuses; since the start. */
  readonly failures: number;
  /** Of the last one; empty where it is applied. */
  readonly last_error: string;
}

/** How a loop is; see `supervisor.ts`. */
export interface LoopStats {
  /** Since the start. */
  readonly failures: number;
  /** The last failure's message, empty when the last step succeeded. */
  readonly last_error: string;
  /** 0 when the last step succeeded. */
  readonly failing_for_ms: number;
}

/** The limits on the events of each caller. */
export interface EventLimitsStats {
  /** Callers that are counted, idle ones aside. */
  readonly callers: number;
  /** Of these, those that have used up their limit now. */
  readonly over: number;
  /** Since the start: refused requests, and streams that had to wait. */
  readonly refused: number;
  readonly waits: number;
}

/** Sizes of at most the last day, over restarts, the oldest first: an entry of each list for a step, `null` where Mars did not run. */
export interface SizeHistoryStats {
  readonly step_ms: number;
  /** At the end of the step. */
  readonly journal_bytes: readonly (number | null)[];
  /** The same, with its write-ahead log; 0 for a database server. */
  readonly database_bytes: readonly (number | null)[];
  /** Events that waited for the store: the most in the step. */
  readonly behind: readonly (number | null)[];
  /** Events accepted in the step. */
  readonly accepted: readonly (number | null)[];
}

/** The process, and the threads of its database. */
export interface ProcessStats {
  readonly version: string;
  readonly up_ms: number;
  readonly memory_bytes: number;
  /** Time of the processor since the start, of all threads together. */
  readonly cpu_ms: { readonly user: number; readonly system: number };
  /** How late the event loop of the main thread was at its timers. */
  readonly event_loop_delay: TimingStats;
  /** By name: for how long it has owed an answer, in milliseconds. */
  readonly threads: Readonly<Record<string, number>>;
}

/** All that `GET /api/q/stats` answers. */
export interface Stats extends PipelineStats, ConsumerStats {
  readonly process: ProcessStats;
  /** `null` without a file. */
  readonly config: ConfigFileStats | null;
  readonly history: SizeHistoryStats;
  readonly intake: IntakeStats;
  /** Events by the protocol that they came by; see `Protocol`. */
  readonly doors: Readonly<Record<string, DoorStats>>;
  /** Calls of port 4000 by method and route, and of the gRPC port by RPC; since the start. */
  readonly calls: Readonly<Record<"http" | "rpc", Readonly<Record<string, CallsStats>>>>;
  readonly limits: { readonly events: EventLimitsStats };
  /** By name. */
  readonly loops: Readonly<Record<string, LoopStats>>;
  /** How often a row could not be read as it is, and was skipped or clamped; since the start. */
  readonly unreadable_rows: number;
  /** Changes of findings that alerting could not apply and skipped, since the start. */
  readonly alerts: AlertingStats;
  readonly erasure: ErasureStats;
  readonly backup: BackupStats & { readonly schedule: BackupScheduleStats | null };
  /** The reads of clients, runs that learn lifecycles or try them, deliveries of sources that are mapped. */
  readonly reads: FairQueueStats;
  readonly trials: FairQueueStats;
  readonly mappings: FairQueueStats;
  readonly sources: Readonly<Record<string, SourceStats>>;
  readonly sign_in: {
    /** Browsers that are signed in. */
    readonly sessions: number;
    /** Attempts with a key that is none, since the start. */
    readonly failed: number;
    /** Attempts of addresses that had failed too often, since the start. */
    readonly refused: number;
  };
  readonly denied: DenialStats;
  readonly to_send: SendBudgetStats;
  readonly spans: SpanStats | null;
  /** The caps that are divided between clients, by name. */
  readonly shares: Readonly<Record<string, SharesStats>>;
  /** `null` where both ports speak cleartext. */
  readonly tls: TlsStats | null;
}

/** Events of one protocol, since the start. */
export interface DoorStats {
  readonly accepted: number;
  /** Invalid ones of batches of which others were accepted. */
  readonly rejected: number;
  /** Records of other formats that are no events, or not whole, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Requests of which none was accepted, by the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
}

/** The calls of one route or RPC. */
export interface CallsStats {
  /** By class of status (`2xx`), or by RPC's code (`ok`). */
  readonly ended: Readonly<Record<string, number>>;
  /** Until the head of the answer; without streams of RPC. */
  readonly times: TimingStats;
}

/** Alerting, since the start. */
export interface AlertingStats {
  /** Changes of findings that could not be applied. */
  readonly findings_skipped: number;
  /** Steps of the evaluator, failed ones too. */
  readonly evaluations: TimingStats;
  /** Attempts to deliver notifications, and how they ended: `failed` ones are made again, until they are `given_up`. */
  readonly attempts: TimingStats;
  readonly deliveries: Readonly<Record<"delivered" | "failed" | "given_up", number>>;
}

/** Calls without a key that is good, and without the rights that they need; since the start. */
export interface DenialStats {
  readonly unauthenticated: number;
  readonly permission_denied: number;
}

/** Erasure on request; counts are since the start. */
export interface ErasureStats {
  readonly messages: number;
  readonly events: number;
  /** Whether the messages of an app are being erased. */
  readonly under_way: boolean;
  /** Bytes of erased events up to this seq may still be in the journal or the database's log; 0 for none. */
  readonly traces_up_to_seq: number;
  readonly requests: FairQueueStats;
}

/** The work on the bodies of requests. */
export interface IntakeStats {
  /** Bytes of bodies that have been received, or announced, and not parsed yet. */
  readonly received: BudgetStats;
  /** Large and compressed bodies that are unpacked and parsed. */
  readonly large: BudgetStats;
  /** Chunks of them that wait for their turn of the event loop. */
  readonly waiting_turns: number;
}
