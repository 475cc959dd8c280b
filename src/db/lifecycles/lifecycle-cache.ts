/**
 * The definitions for the projector, read when a message needs them. Memory holds the last used, so the cost of putting one
 * does not depend on the number of versions and apps.
 */
import { lifecyclesSql, linksSql } from "../../gen/sql.ts";
import { readDefinition } from "../../lifecycle/definition.ts";
import { createPlan, type Plan } from "../../lifecycle/plan.ts";
import type { Database } from "../database.ts";

/** Apps whose versions are kept in memory. */
const appsMax = 10_000;
/**
 * Bytes of definitions in memory, and of those that one step may need beside them: a plan takes some ten times as much as
 * its text.
 */
const cacheBytesMax = 2 * 1024 * 1024;
const stepBytesMax = 4 * 1024 * 1024;

/** One version, with the numbers by which its messages are kept and counted. */
export interface StoredLifecycle {
  readonly id: number;
  readonly app: number;
  readonly appId: string;
  readonly version: number;
  readonly plan: Plan;
  /** `stages.id` by the plan's stages, and of the whole way. */
  readonly stageIds: readonly number[];
  readonly wholeId: number;
}

/** A version as far as it says which messages go by it: those with a greater number. */
export interface Version {
  readonly id: number;
  readonly afterSeq: number;
  /** It ends the lifecycle: they go by none. */
  readonly ends: boolean;
}

export class LifecycleCache {
  readonly #database: Database;
  /** The latest version first. An app without any has an empty list. */
  readonly #apps = new Map<string, readonly Version[]>();
  /** The last used at the end. */
  readonly #byId = new Map<number, { readonly lifecycle: StoredLifecycle; readonly bytes: number }>();
  #bytes = 0;
  #any: boolean | undefined;
  #linked: boolean | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The app has another version. */
  changed(appId: string): void {
    this.#apps.delete(appId);
    this.#any = true;
    this.#linked = undefined;
  }

  /** Whether any lifecycle names an event of another app. */
  async linked(): Promise<boolean> {
    if (this.#linked === undefined) {
      const { rows } = await this.#database.execute(linksSql.any);
      this.#linked = rows[0]?.some === 1;
    }
    return this.#linked;
  }

  /** These apps, and those whose lifecycles name events of theirs. */
  async withNaming(appIds: readonly string[]): Promise<readonly string[]> {
    if (appIds.length === 0 || !(await this.linked())) return appIds;
    const { rows } = await this.#database.execute({ sql: linksSql.naming, args: [JSON.stringify(appIds)] });
    return [...new Set([...appIds, ...rows.map((row) => String(row.by_app))])];
  }

  /** Whether any app has a version at all. */
  async any(): Promise<boolean> {
    if (this.#any === undefined) {
      const { rows } = await this.#database.execute("SELECT EXISTS (SELECT 1 FROM lifecycles) AS found");
      this.#any = rows[0]?.found === 1;
    }
    return this.#any;
  }

  /**
   * Of each app the versions that its messages behind `seq` may go by, the latest first. The sequence must not go back
   * from call to call.
   */
  async versionsOf(
    appIds: ReadonlySet<string>,
    seq: number,
  ): Promise<ReadonlyMap<string, readonly Version[]>> {
    const missing = [...appIds].filter((appId) => !this.#apps.has(appId));
    if (missing.length > 0) {
      const { rows } = await this.#database.execute({
        sql: lifecyclesSql.behind,
        args: [JSON.stringify(missing), seq],
      });
      const byApp = Map.groupBy(rows, (row) => String(row.app_id));
      for (const appId of missing) {
        const versions = (byApp.get(appId) ?? []).map((row) => ({
          id: Number(row.id),
          afterSeq: Number(row.after_seq),
          ends: row.bytes === 0,
        }));
        this.#apps.set(appId, versions);
      }
    }
    const found = new Map([...appIds].map((appId) => [appId, this.#apps.get(appId) ?? []]));
    for (const appId of this.#apps.keys()) {
      if (this.#apps.size <= appsMax) break;
      this.#apps.delete(appId);
    }
    return found;
  }

  /**
   * These definitions by their ids. Where they are too large together, some are left out: those at the end, and never
   * the first.
   */
  async load(ids: ReadonlySet<number>): Promise<ReadonlyMap<number, StoredLifecycle>> {
    const missing = [...ids].filter((id) => !this.#byId.has(id));
    const sizes = missing.length === 0 ? new Map<number, number>() : await this.#sizes(missing);
    const wanted: number[] = [];
    let bytes = 0;
    for (const id of ids) {
      bytes += this.#byId.get(id)?.bytes ?? sizes.get(id) ?? 0;
      if (bytes > stepBytesMax && wanted.length > 0) break;
      wanted.push(id);
    }
    await this.#read(wanted.filter((id) => !this.#byId.has(id)));
    const found = new Map<number, StoredLifecycle>();
    for (const id of wanted) {
      const known = this.#byId.get(id);
      if (known === undefined) throw new Error(`messages go by lifecycle ${id}, which is not there`);
      this.#byId.delete(id);
      this.#byId.set(id, known);
      found.set(id, known.lifecycle);
    }
    for (const [id, known] of this.#byId) {
      if (this.#bytes <= cacheBytesMax) break;
      this.#byId.delete(id);
      this.#bytes -= known.bytes;
    }
    return found;
  }

  async #sizes(ids: readonly number[]): Promise<Map<number, number>> {
    const { rows } = await this.#database.execute({ sql: lifecyclesSql.sizes, args: [JSON.stringify(ids)] });
    return new Map(rows.map((row) => [Number(row.id), Number(row.bytes)]));
  }

  async #read(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const { rows } = await this.#database.execute({
      sql: lifecyclesSql.withApps,
      args: [JSON.stringify(ids)],
    });
    for (const row of rows) {
      const id = Number(row.id);
      const text = String(row.definition);
      const [wholeId = 0, ...stageIds] = JSON.parse(String(row.stage_ids)) as number[];
      const lifecycle = {
        id,
        app: Number(row.app),
        appId: String(row.app_id),
        version: Number(row.version),
        plan: createPlan(readDefinition(text)),
        stageIds,
        wholeId,
      };
      const bytes = Buffer.byteLength(text);
      this.#byId.set(id, { lifecycle, bytes });
      this.#bytes += bytes;
    }
  }
}

/** The version that a message goes by; `undefined` where it goes by none. */
export function versionFor(versions: readonly Version[], message: number): Version | undefined {
  const found = versions.find(({ afterSeq }) => afterSeq < message);
  return found?.ends ? undefined : found;
}
