/**
 * The store: every writer of the database, over one connection. Runs in `store-worker.ts`, the only thread that writes, so
 * what one writer has read does not change before it writes.
 */

import { realpath } from "node:fs/promises";
import type { InStatement } from "@libsql/client";
import type { Author } from "../core/audit.ts";
import type { ChangeStep } from "../core/change-record.ts";
import type { Erasure } from "../core/erasure.ts";
import { MarsError } from "../core/error.ts";
import type { MessageKey, Micros } from "../core/event.ts";
import type { JournalState } from "../core/journal.ts";
import type { ChangeOutcome, Notify, StorePosition } from "../core/ports.ts";
import { KeyWriter } from "../db/access/key-writer.ts";
import { SessionWriter } from "../db/access/session-writer.ts";
import { AlertWriter } from "../db/alerts/alert-writer.ts";
import { Arrivals } from "../db/alerts/arrivals.ts";
import { CareWriter } from "../db/alerts/care-writer.ts";
import { AttributeIndexer } from "../db/attributes/attribute-indexer.ts";
import { authorsIn, pruneAudit, recordChange } from "../db/audit/audit-writer.ts";
import { BrokerWriter } from "../db/brokers/broker-writer.ts";
import { Database } from "../db/database.ts";
import { type DatabaseAddress, pathOf } from "../db/database-address.ts";
import { ErasureWriter } from "../db/erasure/erasure-writer.ts";
import { PageCheck } from "../db/integrity/page-check.ts";
import { Lease } from "../db/lease.ts";
import { LifecycleCache } from "../db/lifecycles/lifecycle-cache.ts";
import { busyTimeoutMs, MessageWriter } from "../db/messages/message-writer.ts";
import { RetentionWriter } from "../db/retention/retention-writer.ts";
import { Tombstones } from "../db/retention/tombstones.ts";
import { SetAsideWriter } from "../db/set-aside/set-aside-writer.ts";
import { SourceWriter } from "../db/sources/source-writer.ts";
import { TriageWriter } from "../db/triage/triage-writer.ts";
import { DirectoryLock } from "../directory/directory-lock.ts";
import { KnownFiles } from "../directory/known-files.ts";
import { rebuildInstance } from "../projection/narrowing.ts";
import type { ProjectionStep, ProjectionTarget } from "../projection/projection-step.ts";
import { Projector } from "../projection/projector.ts";
import { brokerStoreOf } from "./broker-store.ts";
import { createChangeService, makeChange } from "./change-service.ts";

/** The writer's page cache, in KiB: it holds the inner pages of every index at ten million messages. */
const cacheKiB = 65_536;

export type StoreService = ReturnType<typeof createStoreService>;

/** @param notify called for each change of a caller that is made, and before and after each step of the schema that a database needs */
export function createStoreService(options: DatabaseAddress, notify: Notify = () => undefined) {
  const what = `the database ${options.url}`;
  const files = new KnownFiles();
  const database: Database = new Database({
    ...options,
    connected() {
      if (database.embedded) files.note(pathOf(options.url), `${pathOf(options.url)}-wal`);
    },
    // With whom, and nothing of what: that is in the audit.
    committed(statements) {
      for (const by of authorsIn(statements))
        notify({ message: "change made", event: "change_made", fields: { ...by } });
    },
    pragmas: [
      `busy_timeout = ${busyTimeoutMs}`,
      "journal_mode = WAL",
      "synchronous = NORMAL",
      // `MessageWriter.checkpoint` decides when.
      "wal_autocheckpoint = 0",
      "journal_size_limit = 67108864",
      `cache_size = -${cacheKiB}`,
      "temp_store = MEMORY",
      // Free space of the file keeps nothing of what was deleted. Pruning writes 5 % more by it, storing nothing.
      "secure_delete = ON",
    ],
  });
  const locks = [new DirectoryLock(), new DirectoryLock()] as const;
  const lease = new Lease(database);
  const erasures = new ErasureWriter(database);
  const attributes = new AttributeIndexer(database);
  const late = () => {
    projector.expectChanges();
    attributes.expectChanges();
  };
  const messages = new MessageWriter(database, what, lease, late, erasures);
  const tombstones = new Tombstones(database);
  const retention = new RetentionWriter(database, tombstones, () => messages.seq);
  const lifecycles = new LifecycleCache(database);
  const arrivals = new Arrivals(database);
  const projector = new Projector(database, lifecycles, tombstones, arrivals);
  const triage = new TriageWriter(database);
  const brokers = new BrokerWriter(database);
  const sources = new SourceWriter(database);
  const alerts = new AlertWriter(database);
  const care = new CareWriter(database);
  const keys = new KeyWriter(database);
  const sessions = new SessionWriter(database);
  const aside = new SetAsideWriter(database);
  let opened = false;
  /**
   * Refuses to write before the database is this Mars' own. Until it has the directory's lock, the schema and its position,
   * another Mars may be writing there.
   */
  const afterOpening =
    <Args extends unknown[], Answer>(write: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      if (!opened) {
        const message = "Mars is starting: the database has not been reached yet";
        throw new MarsError("unavailable", message, { retryAfterMs: 1_000 });
      }
      return write(...args);
    };
  const changes = createChangeService({
    ...{ database, lifecycles, projector, attributes, arrivals, retention, alerts, brokers, sources },
    ...{ triage, keys, sessions, storedSeq: () => messages.seq, afterOpening },
  });
  let storedSeq = 0;
  const pages = database.embedded
    ? new PageCheck(pathOf(options.url), () => Math.max(storedSeq, messages.seq), options.quarantine)
    : undefined;
  const remove = async (seq: number, by?: Author, then?: InStatement[]) => {
    const left = await aside.remove(seq, by, then);
    projector.forget();
    return left;
  };
  return {
    /** To be called first. Rejects when another Mars runs on this data directory, or has this file for its database. */
    async lock(directory: string): Promise<void> {
      await locks[0].take(directory);
      files.note(`${directory}/lock.db`);
      if (!database.embedded) return;
      // Links to one file share its lock.
      const path = await realpath(pathOf(options.url));
      await locks[1].take(path, `${path}-lock`);
      files.note(`${path}-lock`);
    },
    /** Renews the lease where there is one. @returns the path of a file that is gone or replaced; empty for none */
    async missing(): Promise<string> {
      const gone = files.missing();
      if (gone === "" && opened) await lease.renew();
      return gone;
    },
    /** See `MessageWriter.logBytes`. */
    logBytes: () => messages.logBytes,
    async open(journal: JournalState, nextSeq?: number): Promise<StorePosition> {
      if (pages !== undefined && !pages.opened) {
        // This opens the write-ahead log, whose index the check needs. The check comes before any other read.
        storedSeq = await storedSeqOf(database);
        pages.open();
      }
      const position = await messages.open(journal, nextSeq, ({ tookMs, ...step }) =>
        notify(
          tookMs === undefined
            ? { message: "database schema step begins", event: "schema_step_began", fields: { ...step } }
            : {
                ...{ message: "database schema step ended", event: "schema_step_ended" },
                fields: { ...step, took_ms: tookMs },
              },
        ),
      );
      await erasures.open();
      opened = true;
      return position;
    },
    apply: messages.apply.bind(messages),
    setAside: messages.setAside.bind(messages),
    applyChange: (step: ChangeStep): Promise<ChangeOutcome> =>
      messages.applyChange(step, () => makeChange(changes, step.change)),
    skipChange: messages.skipChange.bind(messages),
    confirm: afterOpening(async () => {
      await database.execute("SELECT 1");
    }),
    ...changes,
    findSetAside: afterOpening(aside.find.bind(aside)),
    removeSetAside: afterOpening((seq: number, by?: Author) => remove(seq, by)),
    rebuildInstance: afterOpening((message: number, by?: Author) =>
      remove(message, by, rebuildInstance(message)),
    ),
    checkpoint(hurry: boolean): Promise<number> {
      // Data written to a file without a name are gone with the process.
      if (files.missing() !== "")
        return Promise.reject(new MarsError("fenced", "the database's file is gone"));
      const run = () => messages.checkpoint(hurry);
      return pages === undefined ? run() : pages.checkpoint(run);
    },
    purge() {
      if (files.missing() !== "")
        return Promise.reject(new MarsError("fenced", "the database's file is gone"));
      const run = () => messages.purge();
      return pages === undefined ? run() : pages.checkpoint(run);
    },
    eraseMessage: afterOpening(async (key: MessageKey, upTo: number, by?: Author) => {
      const erased = await erasures.eraseMessage(key, upTo, by);
      projector.forget();
      return erased;
    }),
    eraseRemains: afterOpening(erasures.eraseRemains.bind(erasures)),
    requestErasure: afterOpening(erasures.requestErasure.bind(erasures)),
    eraseStep: afterOpening(erasures.eraseStep.bind(erasures)),
    finishErasure: afterOpening(async (erasure: Erasure, at: Micros) => {
      const now = await erasures.finishErasure(erasure, at);
      projector.forget();
      return now;
    }),
    checkPages: (pagesMax: number) => pages?.step(pagesMax),
    recallTime: retention.recallTime.bind(retention),
    recordTime: retention.recordTime.bind(retention),
    prune: retention.prune.bind(retention),
    appRetentions: afterOpening(retention.appRetentions.bind(retention)),
    pruneCounts: retention.pruneCounts.bind(retention),
    /** Attributes are indexed behind the projector, and first, so that a fault there loses no changes of findings. */
    project: afterOpening(async (target: ProjectionTarget): Promise<ProjectionStep> => {
      const more = await attributes.step();
      const step = await projector.project(target);
      const behind = attributes.projectedTo(step.seq);
      return { ...step, done: step.done && !behind, ...(more && { more: true as const }) };
    }),
    ...brokerStoreOf(brokers, afterOpening),
    readSources: afterOpening(() => sources.readSources()),
    keepDeliveries: afterOpening(sources.keepDeliveries.bind(sources)),
    recordReplay: afterOpening(sources.recordReplay.bind(sources)),
    pruneDeliveries: afterOpening(sources.pruneDeliveries.bind(sources)),
    pendingMarks: afterOpening(triage.pendingMarks.bind(triage)),
    readKeys: afterOpening(keys.readKeys.bind(keys)),
    readSessions: afterOpening(sessions.readSessions.bind(sessions)),
    noteAlertLook: afterOpening(alerts.noteLook.bind(alerts)),
    careForIncident: afterOpening(care.care.bind(care)),
    publishAlert: afterOpening(care.publish.bind(care)),
    redeliver: afterOpening(care.redeliver.bind(care)),
    commitAlerts: afterOpening(alerts.commit.bind(alerts)),
    recordAttempt: afterOpening(alerts.recordAttempt.bind(alerts)),
    recordTest: afterOpening(alerts.recordTest.bind(alerts)),
    redactAlerts: afterOpening(alerts.redact.bind(alerts)),
    recordBackup: afterOpening(async (by: Author, seq: number) => {
      await database.batch(
        recordChange(database.now, by, { target: "backup", new: { snapshot_seq: seq } }),
        "write",
      );
    }),
    pruneAudit: (before: Micros) => pruneAudit(database, before),
    pruneAlerts: afterOpening(alerts.prune.bind(alerts)),
    /** Lets the next Mars begin at once. */
    releaseLease: () => lease.release(),
    close(): void {
      pages?.finish();
      database.close();
      pages?.close();
      for (const lock of locks) lock.release();
    },
  };
}

/** How far any journal has been applied; 0 for a new database. */
async function storedSeqOf(database: Database): Promise<number> {
  const { rows: tables } = await database.execute(
    "SELECT count(*) AS count FROM sqlite_schema WHERE name = 'positions'",
  );
  if (tables[0]?.count !== 1) return 0;
  const { rows } = await database.execute("SELECT max(seq) AS seq FROM positions");
  return Number(rows[0]?.seq ?? 0);
}
