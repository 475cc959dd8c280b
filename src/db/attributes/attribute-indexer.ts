/**
 * Indexes attributes behind the projector. Each name that an app has indexed has its own place in the sequence of events, which moves in the
 * transaction that counts the values: so a crash loses and doubles nothing, and a name that is put later catches up from the first
 * event on, a bounded range at a time. Names with one place move together. Without any name it does nothing.
 *
 * An event whose attributes a repeat changes is counted again by a trigger (`attribute_changes`). Runs on the store's thread.
 */
import { attributeValueBytesMax, indexedNamesMaxOfAll } from "../../core/attributes.ts";
import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import { attributesSql, projectionSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";

/** Events that one step reads, changes that it applies, and values that it deletes. */
const eventsMax = 4_000;
const changesMax = 1_000;
const deletedMax = 5_000;

interface Name {
  readonly id: number;
  readonly appId: string;
  readonly name: string;
  readonly seq: number;
  /** Where the sequence ended when it was put. */
  readonly goal: number;
  readonly dropped: boolean;
}

export class AttributeIndexer {
  readonly #database: Database;
  /** As in the database; `undefined` where that is not known. Bounded by `indexedNamesMaxOfAll`. */
  #names: readonly Name[] | undefined;
  /** How far the projector is, as far as is known. */
  #projected = 0;
  /** There may be changes to apply. */
  #changes = true;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `AttributeIndexes`. */
  async putAttributes(appId: string, names: readonly string[], by?: Author): Promise<void> {
    const all = await this.#read();
    const before = all.filter((one) => one.appId === appId && !one.dropped).map(({ name }) => name);
    const added = names.filter((name) => !before.includes(name));
    if (added.length === 0 && names.length === before.length) return;
    // Those that are dropped count as long as they have values.
    if (all.length + added.length > indexedNamesMaxOfAll) {
      const message = `at most ${indexedNamesMaxOfAll} attributes of all apps may be indexed: remove others first`;
      throw new MarsError("invalid_argument", message, { problems: [{ field: "indexed", message }] });
    }
    this.#names = undefined;
    await this.#database.durably([
      { sql: attributesSql.dropNames, args: [appId, JSON.stringify(names)] },
      ...added.map((name) => ({ sql: attributesSql.addName, args: [appId, name] })),
      ...recordChange(this.#database.now, by, {
        target: appId,
        appId,
        ...(before.length > 0 && { old: { indexed: before } }),
        ...(names.length > 0 && { new: { indexed: names } }),
      }),
    ]);
  }

  /** Events that are indexed have changed, or others have come late. */
  expectChanges(): void {
    this.#changes = true;
  }

  /**
   * One bounded step, up to where the projector is known to be.
   *
   * @returns whether there is something to do that nothing waits for
   */
  async step(): Promise<boolean> {
    const names = await this.#read();
    const dropped = names.find((one) => one.dropped);
    // Also when the last name goes, which would leave them for ever.
    if (names.length > 0) this.#changes = await this.#applyChanges();
    if (dropped !== undefined) await this.#drop(dropped);
    const places = names.filter((one) => !one.dropped).map(({ seq }) => seq);
    if (places.length === 0) return dropped !== undefined;
    const projected = this.#projected;
    // Those that are in use are ahead of those that catch up, and come first.
    const [first, last] = [Math.max(...places), Math.min(...places)];
    if (!this.#changes) await this.#move(first, projected);
    if (!this.#changes && last < first) await this.#move(last, Math.min(first, projected));
    return dropped !== undefined || this.#names === undefined || this.#names.some(isCatchingUp);
  }

  /** The projector is here. @returns whether a name in use is not */
  projectedTo(seq: number): boolean {
    this.#projected = seq;
    if (this.#names === undefined) return true;
    const inUse = this.#names.filter((one) => !one.dropped && !isCatchingUp(one));
    return inUse.some((one) => one.seq < seq) || (this.#changes && inUse.length > 0);
  }

  async #read(): Promise<readonly Name[]> {
    if (this.#names !== undefined) return this.#names;
    const { rows } = await this.#database.execute(attributesSql.names);
    this.#names = rows.map(({ id, app_id, name, seq, goal, dropped }) => ({
      id: Number(id),
      appId: String(app_id),
      name: String(name),
      seq: Number(seq),
      goal: Number(goal),
      dropped: dropped === 1,
    }));
    return this.#names;
  }

  /**
   * Moves the names at a place by a range. Not while there are changes: an event that has changed and is counted by its present attributes would
   * have its former ones taken away, which were never counted.
   */
  async #move(from: number, upTo: number): Promise<void> {
    if (from >= upTo) return;
    const { rows } = await this.#database.execute({
      sql: projectionSql.rangeEnd,
      args: [from, upTo, eventsMax - 1],
    });
    const to = Number(rows[0]?.seq ?? upTo);
    const names = this.#names;
    // Read again where the answer is lost.
    this.#names = undefined;
    const results = await this.#database.batch(
      [
        { sql: attributesSql.addRange, args: [from, to, attributeValueBytesMax] },
        { sql: attributesSql.moveNames, args: [from, to] },
      ],
      "write",
    );
    this.#changes = results[1]?.rowsAffected === 0;
    if (this.#changes) return;
    this.#names = names?.map((one) => (one.seq === from && !one.dropped ? { ...one, seq: to } : one));
  }

  /** @returns whether there may be more */
  async #applyChanges(): Promise<boolean> {
    const { rows } = await this.#database.execute(attributesSql.someChange);
    if (rows[0]?.some !== 1) return false;
    const results = await this.#database.batch(
      [
        { sql: attributesSql.applyChanges, args: [changesMax, attributeValueBytesMax] },
        { sql: attributesSql.deleteEmpty, args: [changesMax] },
        { sql: attributesSql.forgetChanges, args: [changesMax] },
      ],
      "write",
    );
    return results.at(-1)?.rowsAffected === changesMax;
  }

  /** Deletes some of its values, and with the last of them the name. */
  async #drop({ id }: Name): Promise<void> {
    const { rowsAffected } = await this.#database.execute({
      sql: attributesSql.deleteValues,
      args: [id, deletedMax],
    });
    if (rowsAffected === deletedMax) return;
    this.#names = undefined;
    await this.#database.execute({ sql: attributesSql.deleteName, args: [id] });
  }
}

function isCatchingUp({ dropped, seq, goal }: Name): boolean {
  return !dropped && seq < goal;
}
