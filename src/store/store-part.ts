/**
 * The store: every part that writes to the database, over one connection. Runs in `store-worker.ts`, the only writer, so
 * what one part has read does not change before it writes.
 */
import type { LifecycleStore } from "../lifecycle/ports.ts";
import { AlertFile } from "./alert-file.ts";
import { Database, type DatabaseAddress } from "./database.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { LifecycleFile } from "./lifecycle-file.ts";
import { MessageFile } from "./message-file.ts";
import { SetAsideFile } from "./set-aside-file.ts";
import { Tracker } from "./tracker.ts";

/** What the writer keeps of the database in memory, in KiB: the inner pages of every index, at ten million messages. */
const cacheKiB = 65_536;

export type StorePart = ReturnType<typeof createStorePart>;

export function createStorePart(options: DatabaseAddress) {
  const what = `the database ${options.url}`;
  const database = new Database({
    ...options,
    pragmas: [
      "busy_timeout = 5000",
      "journal_mode = WAL",
      "synchronous = NORMAL",
      // Checkpoints are ours to time: see `MessageFile.checkpoint`.
      "wal_autocheckpoint = 0",
      "journal_size_limit = 67108864",
      `cache_size = -${cacheKiB}`,
      "temp_store = MEMORY",
    ],
  });
  const lock = new DirectoryLock();
  const messages = new MessageFile(database, what);
  const lifecycles = new LifecycleFile(database);
  const tracker = new Tracker(database, lifecycles);
  const alerts = new AlertFile(database);
  const aside = new SetAsideFile(database);
  return {
    /** Before anything else: rejects when another Mars runs on this data directory. */
    lock: (directory: string) => lock.take(directory),
    open: messages.open.bind(messages),
    apply: messages.apply.bind(messages),
    setAside: messages.setAside.bind(messages),
    findSetAside: aside.find.bind(aside),
    removeSetAside: (seq: number) => aside.remove(seq),
    checkpoint: messages.checkpoint.bind(messages),
    prune: messages.prune.bind(messages),
    pruneCounts: messages.pruneCounts.bind(messages),
    putLifecycle: (...[appId, definition]: PutLifecycle) => lifecycles.put(appId, definition, messages.seq),
    track: tracker.track.bind(tracker),
    putAlertRule: alerts.putRule.bind(alerts),
    deleteAlertRule: alerts.deleteRule.bind(alerts),
    putAlertSink: alerts.putSink.bind(alerts),
    deleteAlertSink: alerts.deleteSink.bind(alerts),
    addAlertSilence: alerts.addSilence.bind(alerts),
    deleteAlertSilence: alerts.deleteSilence.bind(alerts),
    commitAlerts: alerts.commit.bind(alerts),
    recordAttempt: alerts.recordAttempt.bind(alerts),
    recordTest: alerts.recordTest.bind(alerts),
    pruneAlerts: alerts.prune.bind(alerts),
    close(): void {
      database.close();
      lock.release();
    },
  };
}

type PutLifecycle = Parameters<LifecycleStore["putLifecycle"]>;
