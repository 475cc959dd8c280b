/** The definitions in the database, as the store needs them: which one a message goes by, ready to be asked. */
import type { InStatement } from "@libsql/client";
import { MarsError } from "../event/error.ts";
import type { Micros } from "../event/event.ts";
import { nowMicros } from "../event/time.ts";
import {
  afterName,
  type Definition,
  definitionToJson,
  type LifecycleVersion,
  stageName,
} from "../lifecycle/definition.ts";
import { readDefinition } from "../lifecycle/parse-definition.ts";
import { createPlan, type Plan } from "../lifecycle/plan.ts";
import type { Database } from "./database.ts";

/** Versions that are kept in memory, all apps together. */
const versionsMax = 10_000;

/** One version, with the numbers by which its messages are kept and counted. */
export interface StoredLifecycle {
  readonly id: number;
  readonly app: number;
  readonly appId: string;
  readonly version: number;
  readonly afterSeq: number;
  /** Absent where this version ends the lifecycle. */
  readonly plan?: Plan;
  /** `stages.id` by the plan's stages, and of the whole way. */
  readonly stageIds: readonly number[];
  readonly wholeId: number;
}

/** Every version of every app. */
export interface StoredLifecycles {
  readonly byId: ReadonlyMap<number, StoredLifecycle>;
  /** The latest first. */
  readonly byApp: ReadonlyMap<string, readonly StoredLifecycle[]>;
}

export class LifecycleFile {
  readonly #database: Database;
  #loaded: StoredLifecycles | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads them at first, and again when they have changed. */
  async load(): Promise<StoredLifecycles> {
    this.#loaded ??= await this.#read();
    return this.#loaded;
  }

  /**
   * See `LifecycleStore.putLifecycle`.
   *
   * @param afterSeq how far the store has come: what it stores from now on goes by the new version
   */
  async put(
    appId: string,
    definition: Definition | undefined,
    afterSeq: number,
  ): Promise<LifecycleVersion | undefined> {
    const text = definition === undefined ? "" : JSON.stringify(definitionToJson(definition));
    const [last] = await this.#versions(appId);
    if (text === (last?.definition ?? "")) return last === undefined ? undefined : versionOf(appId, last);
    const { byId } = await this.load();
    if (byId.size >= versionsMax) {
      throw new MarsError("overloaded", `at most ${versionsMax} versions of lifecycles, all apps together`, {
        retryAfterMs: 3_600_000,
      });
    }
    const row = {
      version: (last?.version ?? 0) + 1,
      created_at: nowMicros(),
      after_seq: afterSeq,
      definition: text,
    };
    await this.#database.durably(insertVersion(appId, row, definition));
    this.#loaded = undefined;
    return versionOf(appId, row);
  }

  async #versions(appId: string): Promise<VersionRow[]> {
    const { rows } = await this.#database.execute({
      sql: `SELECT version, created_at, after_seq, definition FROM lifecycles
        WHERE app_id = ? ORDER BY version DESC LIMIT 1`,
      args: [appId],
    });
    return rows.map((row) => ({
      version: Number(row.version),
      created_at: Number(row.created_at),
      after_seq: Number(row.after_seq),
      definition: String(row.definition),
    }));
  }

  async #read(): Promise<StoredLifecycles> {
    const [versions, stages] = await this.#database.batch(
      [
        `SELECT l.id, a.id AS app, l.app_id, l.version, l.after_seq, l.definition
          FROM lifecycles l JOIN apps a ON a.app_id = l.app_id ORDER BY l.version DESC`,
        "SELECT id, app, after, stage FROM stages",
      ],
      "read",
    );
    const stageIds = new Map(
      (stages?.rows ?? []).map((row) => [stageKey(row.app, row.after, row.stage), Number(row.id)]),
    );
    const all = (versions?.rows ?? []).map((row): StoredLifecycle => {
      const text = String(row.definition);
      const plan = text === "" ? undefined : createPlan(readDefinition(text));
      const idOf = (after: string, stage: string) => stageIds.get(stageKey(row.app, after, stage)) ?? 0;
      return {
        id: Number(row.id),
        app: Number(row.app),
        appId: String(row.app_id),
        version: Number(row.version),
        afterSeq: Number(row.after_seq),
        ...(plan !== undefined && { plan }),
        stageIds: plan?.stages.map(({ after, name }) => idOf(after, name)) ?? [],
        wholeId: idOf("", ""),
      };
    });
    return {
      byId: new Map(all.map((one) => [one.id, one])),
      byApp: Map.groupBy(all, ({ appId }) => appId),
    };
  }
}

/** The version that a message goes by; `undefined` where it goes by none. */
export function lifecycleOf(
  lifecycles: StoredLifecycles,
  appId: string,
  message: number,
): (StoredLifecycle & { readonly plan: Plan }) | undefined {
  const found = lifecycles.byApp.get(appId)?.find(({ afterSeq }) => afterSeq < message);
  return hasPlan(found) ? found : undefined;
}

export function hasPlan(
  lifecycle: StoredLifecycle | undefined,
): lifecycle is StoredLifecycle & { readonly plan: Plan } {
  return lifecycle?.plan !== undefined;
}

interface VersionRow {
  readonly version: number;
  readonly created_at: Micros;
  readonly after_seq: number;
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

/** The version, its app, and the stages by which its messages are counted. */
function insertVersion(appId: string, row: VersionRow, definition: Definition | undefined): InStatement[] {
  const stages = (definition?.stages ?? []).map((stage) => [afterName(stage), stageName(stage)]);
  return [
    { sql: "INSERT OR IGNORE INTO apps (app_id) VALUES (?)", args: [appId] },
    {
      sql: "INSERT INTO lifecycles (app_id, version, created_at, after_seq, definition) VALUES (?, ?, ?, ?, ?)",
      args: [appId, row.version, row.created_at, row.after_seq, row.definition],
    },
    {
      sql: `INSERT OR IGNORE INTO stages (app, after, stage)
        SELECT (SELECT id FROM apps WHERE app_id = ?1), value ->> 0, value ->> 1 FROM json_each(?2)`,
      args: [appId, JSON.stringify([["", ""], ...stages])],
    },
  ];
}

function stageKey(app: unknown, after: unknown, stage: unknown): string {
  return `${app}\0${after}\0${stage}`;
}
