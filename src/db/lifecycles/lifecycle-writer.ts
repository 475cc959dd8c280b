/**
 * Puts definitions into the database. What an app may keep of them is bounded: versions that no message goes by any more
 * make room for new ones.
 */
import type { InStatement } from "@libsql/client";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import { nowMicros } from "../../core/time.ts";
import {
  afterName,
  type Definition,
  definitionToJson,
  type LifecycleVersion,
  readDefinition,
  stageName,
} from "../../lifecycle/definition.ts";
import type { Database } from "../database.ts";
import { asRows, rowsOf } from "../rows.ts";
import type { Lifecycles } from "./lifecycles.ts";

/** What the versions of one app may take, each with what it takes beside its text. The smallest make 4,000 versions. */
const appBytesMax = 4 * 1024 * 1024;
const versionBytes = 1024;
/** Versions that are dropped at once where there is no room: so that not each one after that has to look for some. */
const dropMax = 64;
/** When retention may have made room. */
const retryAfterMs = 3_600_000;

export class LifecycleWriter {
  readonly #database: Database;
  readonly #lifecycles: Pick<Lifecycles, "changed">;

  constructor(database: Database, lifecycles: Pick<Lifecycles, "changed">) {
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
  ): Promise<LifecycleVersion | undefined> {
    try {
      return await this.#put(appId, definition, afterSeq);
    } finally {
      // Also where it failed: only the answer may be lost. And where it is there already: an earlier answer may have been.
      this.#lifecycles.changed(appId);
    }
  }

  async #put(
    appId: string,
    definition: Definition | undefined,
    afterSeq: number,
  ): Promise<LifecycleVersion | undefined> {
    const text = definition === undefined ? "" : JSON.stringify(definitionToJson(definition));
    const [last] = await this.#last(appId);
    if (text === (last?.definition ?? "")) return last === undefined ? undefined : versionOf(appId, last);
    const bytes = Buffer.byteLength(text);
    const room = definition === undefined ? [] : await this.#makeRoom(appId, bytes + versionBytes);
    const version = (last?.version ?? 0) + 1;
    const row = { version, created_at: nowMicros(), bytes, definition: text };
    const results = await this.#database.durably([
      ...dropVersions(appId, room),
      ...insertVersion(appId, row, definition, afterSeq),
    ]);
    return versionOf(appId, { ...row, after_seq: Number(results.at(-1)?.rows[0]?.after_seq) });
  }

  async #last(appId: string): Promise<VersionRow[]> {
    const { rows } = await this.#database.execute({
      sql: `SELECT version, created_at, after_seq, bytes, definition FROM lifecycles
        WHERE app_id = ? ORDER BY version DESC LIMIT 1`,
      args: [appId],
    });
    return rows.map((row) => ({
      version: Number(row.version),
      created_at: Number(row.created_at),
      after_seq: Number(row.after_seq),
      bytes: Number(row.bytes),
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
    const result = await this.#database.execute(unusedVersions(appId));
    const drop: number[] = [];
    for (const [id, size] of rowsOf<[id: number, bytes: number]>(result)) {
      drop.push(id);
      taken -= size + versionBytes;
    }
    if (taken > appBytesMax) {
      throw new MarsError(
        "overloaded",
        `the versions of this app's lifecycle that messages go by would take ${taken} bytes, at most ${appBytesMax}: retention has to delete some of these messages first`,
        { retryAfterMs },
      );
    }
    return drop;
  }
}

interface VersionRow {
  readonly version: number;
  readonly created_at: Micros;
  readonly after_seq: number;
  readonly bytes: number;
  readonly definition: string;
}

function versionOf(appId: string, row: VersionRow): LifecycleVersion {
  return {
    appId,
    version: row.version,
    createdAt: row.created_at,
    afterSeq: row.after_seq,
    ...(row.definition !== "" && { definition: readDefinition(row.definition) }),
  };
}

/**
 * The version, its app, and the stages by which its messages are counted: the whole way first. It begins behind all that
 * the projector has followed, whatever the caller says: a message goes by what held when it was first followed.
 */
function insertVersion(
  appId: string,
  row: Omit<VersionRow, "after_seq">,
  definition: Definition | undefined,
  afterSeq: number,
): InStatement[] {
  const stages = (definition?.stages ?? []).map((stage) => [afterName(stage), stageName(stage)]);
  const names = JSON.stringify([["", ""], ...stages]);
  const app = "(SELECT id FROM apps WHERE app_id = ?1)";
  const theirs = `FROM json_each(?2) n CROSS JOIN stages s
    ON s.app = ${app} AND s.after = n.value ->> 0 AND s.stage = n.value ->> 1`;
  return [
    {
      sql: `INSERT INTO apps (app_id, lifecycle_bytes) VALUES (?1, ?2)
        ON CONFLICT (app_id) DO UPDATE SET lifecycle_bytes = lifecycle_bytes + excluded.lifecycle_bytes`,
      args: [appId, row.bytes + versionBytes],
    },
    {
      sql: `INSERT OR IGNORE INTO stages (app, after, stage)
        SELECT ${app}, value ->> 0, value ->> 1 FROM json_each(?2)`,
      args: [appId, names],
    },
    {
      sql: `UPDATE stages SET versions = versions + 1 WHERE id IN (SELECT s.id ${theirs})`,
      args: [appId, names],
    },
    {
      sql: `INSERT INTO lifecycles (app_id, version, created_at, after_seq, bytes, stage_ids, definition)
        SELECT ?1, ?3, ?4, max(?5, (SELECT seq FROM projection)), ?6,
          (SELECT json_group_array(id) FROM (SELECT s.id ${theirs} ORDER BY n.key)), ?7
        RETURNING after_seq`,
      args: [appId, names, row.version, row.created_at, afterSeq, row.bytes, row.definition],
    },
  ];
}

/** Versions that nobody needs, the oldest first: another one holds behind all that is followed, and no instance goes by them. */
function unusedVersions(appId: string): InStatement {
  return asRows(
    "id, bytes",
    `SELECT id, bytes FROM lifecycles l
      WHERE app_id = ?1 AND version < (SELECT max(version) FROM lifecycles WHERE app_id = ?1)
        AND NOT EXISTS (SELECT 1 FROM lifecycle_instances WHERE lifecycle = l.id AND instances > 0)
        AND (SELECT after_seq FROM lifecycles WHERE app_id = ?1 AND version > l.version ORDER BY version LIMIT 1)
          <= (SELECT seq FROM projection)
      ORDER BY version LIMIT ${dropMax}`,
    [appId],
  );
}

/** Their stages stay as long as they count something: see `pruneCounts`. */
function dropVersions(appId: string, ids: readonly number[]): InStatement[] {
  if (ids.length === 0) return [];
  const theirs = "IN (SELECT value FROM json_each(?))";
  const args = [JSON.stringify(ids)];
  return [
    {
      sql: `UPDATE apps SET lifecycle_bytes = lifecycle_bytes
          - (SELECT sum(bytes + ${versionBytes}) FROM lifecycles WHERE id ${theirs}) WHERE app_id = ?`,
      args: [...args, appId],
    },
    {
      sql: `UPDATE stages SET versions = versions - named.times
        FROM (SELECT s.value AS stage, count(*) AS times FROM lifecycles l, json_each(l.stage_ids) s
          WHERE l.id ${theirs} GROUP BY s.value) AS named
        WHERE stages.id = named.stage`,
      args,
    },
    { sql: `DELETE FROM lifecycle_instances WHERE lifecycle ${theirs}`, args },
    { sql: `DELETE FROM lifecycles WHERE id ${theirs}`, args },
  ];
}
