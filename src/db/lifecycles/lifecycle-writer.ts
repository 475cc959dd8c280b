/**
 * Writes versions of lifecycles. The bytes of an app's versions are bounded: those that no message goes by any more make room
 * for new ones. Runs on the store's thread.
 */
import type { InStatement } from "@libsql/client";
import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import { lifecyclesSql, linksSql } from "../../gen/sql.ts";
import {
  afterName,
  type Definition,
  definitionToJson,
  type LifecycleVersion,
  linkedEvent,
  readDefinition,
  stageName,
} from "../../lifecycle/definition.ts";
import { lifecycleToJson } from "../../lifecycle/json.ts";
import type { BackfillRequest } from "../../lifecycle/ports.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import type { LifecycleCache } from "./lifecycle-cache.ts";

/** Bytes of the versions of one app, and of each version beside its text: its note is no longer than that. The smallest make 4,000 versions. */
const appBytesMax = 4 * 1024 * 1024;
const versionBytes = 1024;
/** Versions that are dropped together, so that not every later `PUT` has to look for some. */
const dropMax = 64;
/** When retention may have made room. */
const retryAfterMs = 3_600_000;

export class LifecycleWriter {
  readonly #database: Database;
  readonly #lifecycles: Pick<LifecycleCache, "changed">;

  constructor(database: Database, lifecycles: Pick<LifecycleCache, "changed">) {
    this.#database = database;
    this.#lifecycles = lifecycles;
  }

  /**
   * See `LifecycleStore.putLifecycle`. The end of a lifecycle is a version too, and there is always room for it.
   *
   * @param afterSeq the end of what is acknowledged: what is accepted from now on goes by the new version
   */
  async put(
    appId: string,
    definition: Definition | undefined,
    afterSeq: number,
    by?: Author,
    note?: string,
    backfill?: BackfillRequest,
  ): Promise<LifecycleVersion | undefined> {
    try {
      return await this.#put(appId, definition, afterSeq, by, note, backfill);
    } finally {
      // Also where it failed: only the answer may be lost. And where it is there already: an earlier answer may have been.
      this.#lifecycles.changed(appId);
    }
  }

  async #put(
    appId: string,
    definition: Definition | undefined,
    afterSeq: number,
    by: Author | undefined,
    note = "",
    backfill: BackfillRequest | undefined,
  ): Promise<LifecycleVersion | undefined> {
    const text = definition === undefined ? "" : JSON.stringify(definitionToJson(definition));
    const [last] = await this.#last(appId);
    const begun = backfill && { backfill: { done: 0, of: backfill.of, ended: false } };
    if (text === (last?.definition ?? "")) {
      if (last === undefined) return undefined;
      const same = { ...versionOf(appId, last), ...begun };
      if (backfill === undefined || same.definition === undefined) return same;
      const change = {
        target: appId,
        appId,
        old: lifecycleToJson(versionOf(appId, last)),
        new: lifecycleToJson(same),
      };
      await this.#database.durably([
        startBackfill(appId, backfill),
        ...recordChange(this.#database.now, by, change),
      ]);
      return same;
    }
    const bytes = Buffer.byteLength(text);
    const room = definition === undefined ? [] : await this.#makeRoom(appId, bytes + versionBytes);
    const version = (last?.version ?? 0) + 1;
    const row = {
      version,
      created_at: this.#database.now,
      bytes,
      put_by: by?.who ?? "",
      note,
      definition: text,
    };
    const made = { ...versionOf(appId, { ...row, after_seq: afterSeq }), ...begun };
    const before = last && versionOf(appId, last);
    const insert = [...dropVersions(appId, room), ...insertVersion(appId, row, definition, afterSeq)];
    const results = await this.#database.durably([
      ...insert,
      ...insertLinks(appId, version, definition),
      backfill === undefined
        ? { sql: lifecyclesSql.stopBackfill, args: [appId] }
        : startBackfill(appId, backfill),
      ...recordChange(this.#database.now, by, {
        target: appId,
        appId,
        old: before?.definition && lifecycleToJson(before),
        new: made.definition && lifecycleToJson(made),
      }),
    ]);
    return { ...made, afterSeq: Number(results[insert.length - 1]?.rows[0]?.after_seq) };
  }

  async #last(appId: string): Promise<VersionRow[]> {
    const { rows } = await this.#database.execute({
      sql: lifecyclesSql.latest,
      args: [appId],
    });
    return rows.map((row) => ({
      version: Number(row.version),
      created_at: Number(row.created_at),
      after_seq: Number(row.after_seq),
      bytes: Number(row.bytes),
      put_by: String(row.put_by),
      note: String(row.note),
      definition: String(row.definition),
    }));
  }

  /** The versions to drop for one that takes so much: the oldest of those that no message goes by, and none will. */
  async #makeRoom(appId: string, bytes: number): Promise<number[]> {
    const { rows } = await this.#database.execute({
      sql: "SELECT lifecycle_bytes FROM apps WHERE app_id = ?",
      args: [appId],
    });
    let taken = Number(rows[0]?.lifecycle_bytes ?? 0) + bytes;
    if (taken <= appBytesMax) return [];
    const unused = await this.#database.execute({ sql: lifecyclesSql.unused, args: [appId, dropMax] });
    for (const row of unused.rows) taken -= Number(row.bytes) + versionBytes;
    if (taken > appBytesMax) {
      throw new MarsError(
        "overloaded",
        `the versions of this app's lifecycle that messages go by would take ${taken} bytes, at most ${appBytesMax}: retention has to delete some of these messages first`,
        { retryAfterMs },
      );
    }
    return unused.rows.map((row) => Number(row.id));
  }
}

interface VersionRow {
  readonly version: number;
  readonly created_at: Micros;
  readonly after_seq: number;
  readonly bytes: number;
  readonly put_by: string;
  readonly note: string;
  readonly definition: string;
}

function versionOf(appId: string, row: VersionRow): LifecycleVersion {
  return {
    appId,
    version: row.version,
    createdAt: row.created_at,
    afterSeq: row.after_seq,
    ...(row.put_by !== "" && { putBy: row.put_by }),
    ...(row.note !== "" && { note: row.note }),
    ...(row.definition !== "" && { definition: readDefinition(row.definition) }),
  };
}

/**
 * The version, its app, and the stages by which its messages are counted: the whole lifecycle first.
 */
function insertVersion(
  appId: string,
  row: Omit<VersionRow, "after_seq">,
  definition: Definition | undefined,
  afterSeq: number,
): InStatement[] {
  const stages = (definition?.stages ?? []).map((stage) => [afterName(stage), stageName(stage)]);
  const names = JSON.stringify([["", ""], ...stages]);
  const { version, created_at, bytes, put_by, note, definition: text } = row;
  return [
    { sql: lifecyclesSql.addBytes, args: [appId, bytes + versionBytes] },
    { sql: lifecyclesSql.insertStages, args: [appId, names] },
    { sql: lifecyclesSql.countNamed, args: [appId, names] },
    {
      sql: lifecyclesSql.insertVersion,
      args: [appId, names, version, created_at, afterSeq, bytes, text, put_by, note],
    },
  ];
}

function startBackfill(appId: string, { since, of }: BackfillRequest): InStatement {
  return { sql: lifecyclesSql.startBackfill, args: [appId, since, of, Number.MAX_SAFE_INTEGER] };
}

/** What the version says of journeys. After it is inserted. */
function insertLinks(appId: string, version: number, definition: Definition | undefined): InStatement[] {
  const events = (definition?.stages ?? []).flatMap(({ app, events }) =>
    app === undefined ? [] : events.map((name) => [app, linkedEvent(app, name)]),
  );
  return [
    ...(events.length === 0
      ? []
      : [{ sql: linksSql.insertOf, args: [appId, version, JSON.stringify(events)] }]),
    ...(definition?.journeyBy === undefined
      ? []
      : [{ sql: linksSql.insertByMessage, args: [appId, version] }]),
  ];
}

function dropVersions(appId: string, ids: readonly number[]): InStatement[] {
  if (ids.length === 0) return [];
  const args = [JSON.stringify(ids)];
  return [
    { sql: lifecyclesSql.subtractBytes, args: [appId, ...args, versionBytes] },
    { sql: lifecyclesSql.countUnnamed, args },
    { sql: lifecyclesSql.deleteCounts, args },
    { sql: linksSql.deleteOf, args: [...args, appId] },
    { sql: linksSql.deleteByMessage, args },
    { sql: lifecyclesSql.deleteVersions, args },
  ];
}
