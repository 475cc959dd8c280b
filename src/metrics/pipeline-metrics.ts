/** The metrics of the pipeline, in the order in which an event goes through it: journal, store, projection. */
import type { Stats } from "../runtime/stats.ts";
import { counter, type Family, gauge, seconds } from "./family.ts";

export function pipelineMetrics(stats: Stats): Family[] {
  return [...ingest(stats), ...journal(stats), ...store(stats), ...projection(stats), ...maintenance(stats)];
}

function ingest({
  totals,
  admission,
  collectors,
  collected,
  batches,
  events_ahead,
  limits,
}: Stats): Family[] {
  return [
    counter(
      "mars_events_accepted",
      "Events that are on disk, of all protocols and of replays.",
      totals.accepted,
    ),
    counter(
      "mars_events_refused",
      "Events that were refused behind the protocols: the journal is full, or Mars stops.",
      totals.refused,
    ),
    counter("mars_events_stored", "Events that are in the database, repeats counted.", totals.stored),
    counter(
      "mars_events_duplicate",
      "Of the stored events those that were known already.",
      totals.duplicates,
    ),
    counter("mars_events_published", "Events that were published to their topics.", totals.published),
    counter(
      "mars_events_ahead",
      "Events dated later than their receipt by more than MARS_SKEW_MAX.",
      events_ahead,
    ),
    counter(
      "mars_masked_values",
      "Values of attributes that MARS_MASK_ATTRIBUTES has replaced.",
      totals.masked_values,
    ),
    counter(
      "mars_ignored_traceparents",
      "Traces of events and requests that were invalid, and ignored.",
      totals.ignored_traceparents,
    ),
    gauge("mars_admission_waiting_events", "Events that wait for the journal.", sum(admission)),
    gauge(
      "mars_collector_waiting_events",
      "Events that wait in a collector.",
      byPlace(collectors),
      "collector",
    ),
    counter("mars_collector_events", "Events of a collector.", byPlace(collected.events), "collector"),
    counter(
      "mars_collector_full",
      "How often a collector had as many events of a batch as it may.",
      byPlace(collected.times_full),
      "collector",
    ),
    counter("mars_batches", "Batches by the reason for which each was closed.", batches, "trigger"),
    gauge("mars_limit_callers", "Callers that have used up their limit of events now.", limits.events.over),
    counter(
      "mars_limit_refused",
      "Requests that were refused as their caller had used up its limit of events.",
      limits.events.refused,
    ),
    counter(
      "mars_limit_waits",
      "Times that a stream of events waited for its caller's limit.",
      limits.events.waits,
    ),
  ];
}

function journal({
  journal: { bytes, bytes_max, last_seq, damaged_files, segments, writes },
}: Stats): Family[] {
  return [
    gauge(
      "mars_journal_bytes",
      "Bytes of the journal: events that are not safely in the database yet.",
      bytes,
    ),
    gauge("mars_journal_max_bytes", "Beyond so many bytes events are refused.", bytes_max),
    gauge("mars_journal_segments", "Files of the journal.", segments),
    gauge(
      "mars_journal_damaged_files",
      "Files of the journal that were set aside as damaged.",
      damaged_files,
    ),
    gauge("mars_last_seq", "The seq of the last accepted event.", last_seq),
    seconds(
      "mars_journal_write_seconds",
      "Synced writes of the journal, each of the events that waited together.",
      { "": writes },
    ),
  ];
}

function store({
  store: { stored_seq, behind, available, log_bytes, transactions, stored_after },
  ...stats
}: Stats): Family[] {
  const { set_aside, changes, database, unreadable_rows } = stats;
  const { waiting, ...outcomes } = changes;
  return [
    gauge("mars_store_available", "Whether the last transaction succeeded.", Number(available)),
    gauge("mars_store_behind_events", "Events that are accepted and not stored yet.", behind),
    gauge("mars_store_seq", "Everything up to this seq is stored.", stored_seq),
    gauge(
      "mars_store_log_bytes",
      "Bytes of the database's log that a reader keeps from being emptied.",
      log_bytes,
    ),
    seconds("mars_store_transaction_seconds", "Transactions of the store, failed ones too.", {
      "": transactions,
    }),
    seconds(
      "mars_store_event_seconds",
      "From the receipt of the oldest event of a transaction until it was stored.",
      { "": stored_after },
    ),
    gauge(
      "mars_set_aside",
      "Events and messages that could not be applied and wait for the operator.",
      set_aside.count,
    ),
    counter(
      "mars_changes",
      "Changes of settings that came through the log, by what became of them.",
      outcomes,
      "outcome",
    ),
    gauge("mars_changes_waiting", "Changes that wait until what stands before them is stored.", waiting),
    gauge("mars_set_aside_max", "So many may be set aside.", set_aside.count_max),
    counter("mars_unreadable_rows", "Rows that could not be read as they are.", unreadable_rows),
    ...pages(database),
  ];
}

/** Of an embedded database, once it has been looked at. */
function pages(database: Stats["database"]): Family[] {
  const of = (value: (step: NonNullable<Stats["database"]>) => number) =>
    database === null ? {} : value(database);
  return [
    gauge(
      "mars_database_pages",
      "Pages of the database's file.",
      of(({ pages }) => pages),
    ),
    gauge(
      "mars_database_damaged_pages",
      "Pages that are not as they were written.",
      of(({ damaged }) => damaged),
    ),
    counter(
      "mars_database_check_rounds",
      "Complete checks of all pages.",
      of(({ rounds }) => rounds),
    ),
  ];
}

function projection({ projector, backfill, grace }: Stats): Family[] {
  const { projected_seq, behind, findings, steps, deadlines_behind_ms } = projector;
  return [
    gauge(
      "mars_projection_behind_events",
      "Events that are stored and not followed along their lifecycles yet.",
      behind,
    ),
    gauge("mars_projection_seq", "Events up to this seq count in states and findings.", projected_seq),
    seconds("mars_projection_step_seconds", "Steps of the projector, failed ones too.", { "": steps }),
    gauge(
      "mars_deadlines_behind_seconds",
      "For how long a deadline has passed that has not been judged yet.",
      deadlines_behind_ms / 1_000,
    ),
    counter(
      "mars_findings_raised",
      "Findings that were raised, and those that became known again.",
      findings.by_kind.raised,
      "kind",
    ),
    counter("mars_findings_retracted", "Findings that were retracted.", findings.by_kind.retracted, "kind"),
    gauge(
      "mars_backfill_remaining",
      "Messages of the backfill that runs now which are still to be followed.",
      backfill === null ? 0 : backfill.of - backfill.done,
    ),
    gauge("mars_grace_apps", "Apps whose findings wait, as some of their events were refused.", grace.apps),
    gauge(
      "mars_grace_all",
      "Whether the findings of all apps wait: after a start, or after refusals.",
      Number(grace.all),
    ),
    counter(
      "mars_grace_overrun",
      "How often refusals went on for so long that findings were raised all the same.",
      grace.overrun,
    ),
  ];
}

function maintenance({ retention, erasure }: Stats): Family[] {
  return [
    counter("mars_retention_deleted_messages", "Messages that retention has deleted.", retention.messages),
    counter("mars_retention_deleted_events", "Events that retention has deleted.", retention.events),
    gauge(
      "mars_retention_held",
      "Whether less is deleted than by the wall clock, which is in doubt.",
      Number(retention.held !== ""),
    ),
    gauge("mars_audit_bytes", "Bytes of the audit.", retention.audit.bytes),
    gauge("mars_audit_max_bytes", "The bound of the audit.", retention.audit.bytes_max),
    counter("mars_erased_messages", "Messages that were erased on request.", erasure.messages),
    counter("mars_erased_events", "Events that were erased on request.", erasure.events),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** By the number of a collector, from 0. */
function byPlace(numbers: readonly number[]): Record<string, number> {
  return Object.fromEntries(numbers.map((number, place) => [place, number]));
}
