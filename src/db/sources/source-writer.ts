/** Keeps sources and their deliveries. Runs on the store's thread. */
import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import { sourcesSql } from "../../gen/sql.ts";
import { keptBytesMax, keptMax, type NewKeptDelivery } from "../../sources/kept.ts";
import type { ReplayRecord, SourceStore } from "../../sources/ports.ts";
import { type Source, sourcesMax } from "../../sources/source.ts";
import { sourceToJson } from "../../sources/source-json.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { sourceOf } from "./source-rows.ts";

export class SourceWriter implements SourceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readSources(): Promise<Source[]> {
    const { rows } = await this.#database.execute(sourcesSql.all);
    return rows.map(sourceOf);
  }

  async putSource(source: Source, by?: Author): Promise<void> {
    const { id } = source;
    const before = await this.#one(id);
    if (before === undefined) await this.#assertRoom(id);
    const text = JSON.stringify(source);
    if (before !== undefined && JSON.stringify(before) === text) return;
    await this.#database.durably([
      { sql: sourcesSql.put, args: [id, text] },
      ...recordChange(this.#database.now, by, {
        target: id,
        appId: source.appId,
        old: before && sourceToJson(before),
        new: sourceToJson(source, before),
      }),
    ]);
  }

  async deleteSource(id: string, by?: Author): Promise<boolean> {
    const before = await this.#one(id);
    if (before === undefined) return false;
    await this.#database.durably([
      { sql: sourcesSql.remove, args: [id] },
      { sql: sourcesSql.forgetSource, args: [id] },
      ...recordChange(this.#database.now, by, { target: id, appId: before.appId, old: sourceToJson(before) }),
    ]);
    return true;
  }

  async keepDeliveries(deliveries: readonly NewKeptDelivery[]): Promise<void> {
    const sources = [...new Set(deliveries.map(({ source }) => source))];
    await this.#database.batch(
      [
        ...deliveries.map(({ source, appId, receivedAt, detail, body }) => ({
          sql: sourcesSql.keep,
          args: [source, appId, receivedAt, body.byteLength, JSON.stringify(detail), body],
        })),
        ...sources.map((source) => ({ sql: sourcesSql.trim, args: [source, keptMax, keptBytesMax] })),
      ],
      "write",
    );
  }

  async recordReplay({ source, outcomes }: ReplayRecord, by?: Author): Promise<void> {
    await this.#database.durably([
      ...outcomes.map(({ id, detail }) => ({ sql: sourcesSql.outcome, args: [id, JSON.stringify(detail)] })),
      ...recordChange(this.#database.now, by, {
        target: source.id,
        appId: source.appId,
        new: { replayed: outcomes.length },
      }),
    ]);
  }

  async pruneDeliveries(before: number): Promise<void> {
    await this.#database.execute({ sql: sourcesSql.prune, args: [before] });
  }

  async #one(id: string): Promise<Source | undefined> {
    const { rows } = await this.#database.execute({ sql: sourcesSql.one, args: [id] });
    return rows[0] && sourceOf(rows[0]);
  }

  async #assertRoom(id: string): Promise<void> {
    const { rows } = await this.#database.execute({ sql: sourcesSql.countOthers, args: [id] });
    if (Number(rows[0]?.count) < sourcesMax) return;
    const message = `at most ${sourcesMax} sources may be there: delete one first`;
    throw new MarsError("invalid_argument", message, { problems: [{ field: "id", message }] });
  }
}
