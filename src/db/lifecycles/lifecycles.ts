/**
 * The definitions that the projector goes by, read when a message needs them. Memory holds the last used: what it costs to
 * put one does not depend on how many versions and apps there are.
 */
import { readDefinition } from "../../lifecycle/definition.ts";
import { createPlan, type Plan } from "../../lifecycle/plan.ts";
import type { Database } from "../database.ts";
import { asRows, rowsOf } from "../rows.ts";

/** Apps of which memory knows the versions; of others they are read again. */
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

export class Lifecycles {
  readonly #database: Database;
  /** The latest version first. An app without any has an empty list. */
  readonly #apps = new Map<string, readonly Version[]>();
  /** The last used at the end. */
  readonly #byId = new Map<number, { readonly lifecycle: StoredLifecycle; readonly bytes: number }>();
  #bytes = 0;
  #any: boolean | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The app has another version. */
  changed(appId: string): void {
    this.#apps.delete(appId);
    this.#any = true;
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
      const result = await this.#database.execute(versionsBehind(missing, seq));
      const rows = rowsOf<[appId: string, id: number, afterSeq: number, bytes: number]>(result);
      const byApp = Map.groupBy(rows, ([appId]) => appId);
      for (const appId of missing) {
        const versions = (byApp.get(appId) ?? []).map(([, id, afterSeq, bytes]) => ({
          id,
          afterSeq,
          ends: bytes === 0,
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
    const result = await this.#database.execute(
      asRows("id, bytes", "SELECT id, bytes FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1))", [
        JSON.stringify(ids),
      ]),
    );
    return new Map(rowsOf<[number, number]>(result));
  }

  async #read(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const result = await this.#database.execute(
      asRows(
        "id, app, app_id, version, json(stage_ids), definition",
        `SELECT l.*, a.id AS app FROM lifecycles l CROSS JOIN apps a ON a.app_id = l.app_id
          WHERE l.id IN (SELECT value FROM json_each(?1))`,
        [JSON.stringify(ids)],
      ),
    );
    type LifecycleRow = [
      id: number,
      app: number,
      appId: string,
      version: number,
      stages: number[],
      definition: string,
    ];
    for (const [id, app, appId, version, [wholeId = 0, ...stageIds], text] of rowsOf<LifecycleRow>(result)) {
      const plan = createPlan(readDefinition(text));
      const bytes = Buffer.byteLength(text);
      this.#byId.set(id, { lifecycle: { id, app, appId, version, plan, stageIds, wholeId }, bytes });
      this.#bytes += bytes;
    }
  }
}

/** The version that a message goes by; `undefined` where it goes by none. */
export function versionFor(versions: readonly Version[], message: number): Version | undefined {
  const found = versions.find(({ afterSeq }) => afterSeq < message);
  return found?.ends ? undefined : found;
}

/** The version that holds behind `seq`, and those that came after it. */
function versionsBehind(appIds: readonly string[], seq: number) {
  return asRows(
    "app_id, id, after_seq, bytes",
    `SELECT l.app_id, l.id, l.after_seq, l.bytes FROM json_each(?1) a CROSS JOIN lifecycles l ON l.app_id = a.value
        AND l.version >= coalesce((SELECT version FROM lifecycles
          WHERE app_id = a.value AND after_seq <= ?2 ORDER BY version DESC LIMIT 1), 0)
      ORDER BY l.app_id, l.version DESC`,
    [JSON.stringify(appIds), seq],
  );
}
