/** The store's methods that make the changes of `changeKinds`. In a running Mars they are called for records of the log only. */
import type { Author } from "../core/audit.ts";
import { argsOf, type ChangeMethod, type ChangeRecord } from "../core/change-record.ts";
import type { KeyWriter } from "../db/access/key-writer.ts";
import type { SessionWriter } from "../db/access/session-writer.ts";
import type { AlertWriter } from "../db/alerts/alert-writer.ts";
import type { Arrivals } from "../db/alerts/arrivals.ts";
import { SilenceWriter } from "../db/alerts/silence-writer.ts";
import type { AttributeIndexer } from "../db/attributes/attribute-indexer.ts";
import type { BrokerWriter } from "../db/brokers/broker-writer.ts";
import type { Database } from "../db/database.ts";
import { DeclaredWriter } from "../db/declared/declared-writer.ts";
import type { LifecycleCache } from "../db/lifecycles/lifecycle-cache.ts";
import { LifecycleWriter } from "../db/lifecycles/lifecycle-writer.ts";
import type { RetentionWriter } from "../db/retention/retention-writer.ts";
import type { SourceWriter } from "../db/sources/source-writer.ts";
import type { TriageWriter } from "../db/triage/triage-writer.ts";
import { ViewWriter } from "../db/views/view-writer.ts";
import type { Definition } from "../lifecycle/definition.ts";
import type { BackfillRequest } from "../lifecycle/ports.ts";
import type { Projector } from "../projection/projector.ts";
import type { AfterOpening } from "./broker-store.ts";

export interface ChangeServiceOptions {
  readonly database: Database;
  readonly lifecycles: LifecycleCache;
  readonly projector: Projector;
  readonly attributes: AttributeIndexer;
  readonly arrivals: Arrivals;
  readonly retention: RetentionWriter;
  readonly alerts: AlertWriter;
  readonly brokers: BrokerWriter;
  readonly sources: SourceWriter;
  readonly triage: TriageWriter;
  readonly keys: KeyWriter;
  readonly sessions: SessionWriter;
  /** How far the log is stored. */
  readonly storedSeq: () => number;
  /** See `createStoreService`. */
  readonly afterOpening: AfterOpening;
}

export type ChangeService = ReturnType<typeof createChangeService>;

export function createChangeService(options: ChangeServiceOptions) {
  const { database, lifecycles, projector, attributes, arrivals, retention, alerts } = options;
  const { brokers, sources, triage, keys, sessions, storedSeq, afterOpening } = options;
  const definitions = new LifecycleWriter(database, lifecycles);
  const silences = new SilenceWriter(database);
  const [views, declared] = [new ViewWriter(database), new DeclaredWriter(database)];
  return {
    /** @param acknowledged the version holds behind this seq, where it is beyond all that is stored */
    putLifecycle: afterOpening(
      (
        appId: string,
        definition: Definition | undefined,
        acknowledged?: number,
        by?: Author,
        note?: string,
        backfill?: BackfillRequest,
      ) => {
        projector.expectBackfill();
        const afterSeq = Math.max(acknowledged ?? 0, storedSeq());
        return definitions.put(appId, definition, afterSeq, by, note, backfill);
      },
    ),
    putAttributes: afterOpening(async (...args: Parameters<AttributeIndexer["putAttributes"]>) => {
      await attributes.putAttributes(...args);
      // Lists can go by the names at once where there are few messages. What was put stays put if it fails: `project` tries again.
      await attributes.step().catch(() => undefined);
    }),
    putAppRetention: afterOpening(retention.putAppRetention.bind(retention)),
    deleteAppRetention: afterOpening(retention.deleteAppRetention.bind(retention)),
    markFindings: afterOpening(triage.markFindings.bind(triage)),
    putKeys: afterOpening(keys.putKeys.bind(keys)),
    deleteKey: afterOpening(keys.deleteKey.bind(keys)),
    changeSessions: afterOpening(sessions.changeSessions.bind(sessions)),
    putAlertRule: afterOpening(async (...args: Parameters<AlertWriter["putRule"]>) => {
      await alerts.putRule(...args);
      arrivals.forget();
    }),
    deleteAlertRule: afterOpening(async (id: string, by?: Author) => {
      const deleted = await alerts.deleteRule(id, by);
      arrivals.forget();
      return deleted;
    }),
    putAlertSink: afterOpening(alerts.putSink.bind(alerts)),
    deleteAlertSink: afterOpening(alerts.deleteSink.bind(alerts)),
    putAlertCalendar: afterOpening(alerts.putCalendar.bind(alerts)),
    deleteAlertCalendar: afterOpening(alerts.deleteCalendar.bind(alerts)),
    addAlertSilence: afterOpening(silences.add.bind(silences)),
    deleteAlertSilence: afterOpening(silences.delete.bind(silences)),
    putView: afterOpening(views.putView.bind(views)),
    deleteView: afterOpening(views.deleteView.bind(views)),
    putDeclaredThings: afterOpening(declared.putDeclaredThings.bind(declared)),
    putSource: afterOpening(sources.putSource.bind(sources)),
    deleteSource: afterOpening(sources.deleteSource.bind(sources)),
    putBrokerCollector: afterOpening(brokers.putBrokerCollector.bind(brokers)),
    deleteBrokerCollector: afterOpening(brokers.deleteBrokerCollector.bind(brokers)),
    pauseBrokerCollector: afterOpening(brokers.pauseBrokerCollector.bind(brokers)),
  } satisfies Record<ChangeMethod, unknown>;
}

/** Makes the change of a record. @returns the method's answer */
export function makeChange(service: ChangeService, change: ChangeRecord): Promise<unknown> {
  const make: (...args: never[]) => Promise<unknown> = service[change.method];
  return make(...(argsOf(change) as never[]));
}
