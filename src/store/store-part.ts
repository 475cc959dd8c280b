/**
 * The store: every part that writes to the database, over one connection. Runs in `store-worker.ts`, the only writer, so
 * what one part has read does not change before it writes.
 */
import { MarsError } from "../event/error.ts";
import type { JournalState, StorePosition } from "../event/ports.ts";
import type { LifecycleStore } from "../lifecycle/ports.ts";
import { AlertFile } from "./alert-file.ts";
import { Database, type DatabaseAddress } from "./database.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { LifecycleFile } from "./lifecycle-file.ts";
import { Lifecycles } from "./lifecycles.ts";
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
  const lifecycles = new Lifecycles(database);
  const definitions = new LifecycleFile(database, lifecycles);
  const tracker = new Tracker(database, lifecycles);
  const alerts = new AlertFile(database);
  const aside = new SetAsideFile(database);
  let opened = false;
  /**
   * Refuses to write before the database is this Mars' own: until it has the directory's lock and knows the schema and its
   * place, another Mars may be at work there, and "from now on" has no meaning.
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
  return {
    /** Before anything else: rejects when another Mars runs on this data directory. */
    lock: (directory: string) => lock.take(directory),
    async open(journal: JournalState): Promise<StorePosition> {
      const position = await messages.open(journal);
      opened = true;
      return position;
    },
    apply: messages.apply.bind(messages),
    setAside: messages.setAside.bind(messages),
    findSetAside: afterOpening(aside.find.bind(aside)),
    removeSetAside: afterOpening((seq: number) => aside.remove(seq)),
    checkpoint: messages.checkpoint.bind(messages),
    prune: messages.prune.bind(messages),
    pruneCounts: messages.pruneCounts.bind(messages),
    /** @param acknowledged the last seq on disk: the version holds behind it, and behind all that is stored */
    putLifecycle: afterOpening((...[appId, definition, acknowledged = 0]: PutLifecycle) =>
      definitions.put(appId, definition, Math.max(acknowledged, messages.seq)),
    ),
    track: afterOpening(tracker.track.bind(tracker)),
    putAlertRule: afterOpening(alerts.putRule.bind(alerts)),
    deleteAlertRule: afterOpening(alerts.deleteRule.bind(alerts)),
    putAlertSink: afterOpening(alerts.putSink.bind(alerts)),
    deleteAlertSink: afterOpening(alerts.deleteSink.bind(alerts)),
    addAlertSilence: afterOpening(alerts.addSilence.bind(alerts)),
    deleteAlertSilence: afterOpening(alerts.deleteSilence.bind(alerts)),
    commitAlerts: afterOpening(alerts.commit.bind(alerts)),
    recordAttempt: afterOpening(alerts.recordAttempt.bind(alerts)),
    recordTest: afterOpening(alerts.recordTest.bind(alerts)),
    pruneAlerts: afterOpening(alerts.prune.bind(alerts)),
    close(): void {
      database.close();
      lock.release();
    },
  };
}

type PutLifecycle = [...Parameters<LifecycleStore["putLifecycle"]>, acknowledged?: number];
