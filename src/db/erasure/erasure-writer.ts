/** Carries out erasures, a bounded step at a time: ingest waits for one step at most. Runs on the store's thread. */
import type { Row } from "@libsql/client";
import type { Author } from "../../core/audit.ts";
import {
  type EraseStep,
  type Erasure,
  type ErasureGate,
  type ErasureStore,
  erasuresMax,
} from "../../core/erasure.ts";
import { MarsError } from "../../core/error.ts";
import type { MessageKey, Micros } from "../../core/event.ts";
import type { StoreChunk } from "../../core/ports.ts";
import { formatTime } from "../../core/time.ts";
import { eraseSql, sourcesSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { messageHash } from "../retention/tombstones.ts";
import { type Doomed, doomedOf, eraseMessages, eraseRemains } from "./erase.ts";

/** Messages and events that one step erases. */
const stepMessages = 500;
const stepEvents = 5_000;
/** When some of the erasures that are under way will be done. */
const retryAfterMs = 10_000;

/** A pass over the messages of an app, by their times, which do not change while it is erased. */
interface Pass {
  readonly id: number;
  readonly upToSeq: number;
  readonly createdAt: Micros;
  readonly message: number;
}

export class ErasureWriter implements ErasureGate, Omit<ErasureStore, "purge"> {
  readonly #database: Database;
  /** Those that are under way, the oldest first; `undefined` before the first read. */
  #pending: readonly Erasure[] | undefined;
  #pass: Pass | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads what is under way, before the first batch. */
  async open(): Promise<void> {
    const { rows } = await this.#database.execute(eraseSql.pending);
    this.#pending = rows.map(erasureOf);
  }

  /** See `ErasureStore` of `core/erasure.ts` for all of these. */
  async eraseMessage(
    { appId, messageId }: MessageKey,
    upTo: number,
    by?: Author,
  ): Promise<number | undefined> {
    // The entry of the audit does not name the message, or something would.
    const record = recordChange(this.#database.now, by, { target: appId, appId });
    const { rows } = await this.#database.execute({
      sql: eraseSql.findMessage,
      args: [appId, messageId, upTo],
    });
    const deleteSetAside = { sql: eraseSql.deleteSetAside, args: [appId, messageId, upTo] };
    const forget = forgetDeliveries(appId);
    const [row] = rows;
    if (row !== undefined) {
      await eraseMessages(this.#database, [doomedOf(row, appId)], [deleteSetAside, forget, ...record]);
      return Number(row.event_count);
    }
    const hash = messageHash(appId, messageId);
    const { rows: others } = await this.#database.execute({
      sql: eraseSql.hasOthers,
      args: [appId, messageId, upTo, hash],
    });
    if (others[0]?.some !== 1) return undefined;
    const exhume = { sql: eraseSql.exhume, args: [JSON.stringify([hash])] };
    await this.#database.durably([deleteSetAside, exhume, forget, ...record]);
    return 0;
  }

  async requestErasure(appId: string, upTo: number, at: Micros, by?: Author): Promise<Erasure | undefined> {
    // Every app is counted.
    const { rows } = await this.#database.execute({
      sql: "SELECT 1 FROM apps WHERE app_id = ?",
      args: [appId],
    });
    if (rows.length === 0) return undefined;
    const extended = this.#known().some((one) => one.appId === appId);
    if (!extended && this.#known().length >= erasuresMax) {
      const message = `${erasuresMax} erasures are under way`;
      throw new MarsError("overloaded", message, { retryAfterMs });
    }
    const asked = { up_to_seq: upTo, requested_at: formatTime(at) };
    const [, requested] = await this.#database.durably([
      { sql: eraseSql.makeRoom, args: [erasuresMax - 1] },
      { sql: eraseSql.request, args: [appId, upTo, at] },
      forgetDeliveries(appId),
      ...recordChange(this.#database.now, by, { target: appId, appId, new: asked }),
    ]);
    await this.open();
    return erasureOf(requested!.rows[0]!);
  }

  eraseRemains(): Promise<number> {
    return eraseRemains(this.#database);
  }

  async eraseStep(): Promise<EraseStep> {
    const left = await this.eraseRemains();
    if (left > 0) return { messages: 0, events: left, done: false };
    const [erasure] = this.#known();
    if (erasure === undefined) return { messages: 0, events: 0, done: true };
    const { id, appId, upToSeq } = erasure;
    if (this.#pass?.id !== id || this.#pass.upToSeq !== upToSeq) {
      this.#pass = { id, upToSeq, createdAt: Number.MIN_SAFE_INTEGER, message: 0 };
    }
    const { rows } = await this.#database.execute({
      sql: eraseSql.candidates,
      args: [appId, upToSeq, this.#pass.createdAt, this.#pass.message, stepMessages, stepEvents + 1],
    });
    const step = wholeMessages(rows);
    const last = step.at(-1);
    if (last === undefined) return { messages: 0, events: 0, done: false, erased: erasure };
    const events = await this.#erase(
      step.map((row) => doomedOf(row, appId)),
      erasure,
    );
    this.#pass = { id, upToSeq, createdAt: Number(last.created_at), message: Number(last.id) };
    return { messages: step.length, events, done: false };
  }

  async finishErasure(erasure: Erasure, at: Micros): Promise<Erasure> {
    const { id, appId, upToSeq } = erasure;
    const [, , , finished] = await this.#database.durably([
      { sql: eraseSql.deleteSetAside, args: [appId, null, upToSeq] },
      forgetDeliveries(appId),
      { sql: eraseSql.finish, args: [id, upToSeq, at] },
      { sql: eraseSql.byId, args: [id] },
    ]);
    await this.open();
    return erasureOf(finished!.rows[0]!);
  }

  beforeBatch(chunks: readonly StoreChunk[]): Promise<void> | undefined {
    return this.#pending?.length === 0 ? undefined : this.#eraseTouched(chunks);
  }

  async #eraseTouched(chunks: readonly StoreChunk[]): Promise<void> {
    for (const { messages } of chunks) {
      const { rows } = await this.#database.execute({ sql: eraseSql.touched, args: [messages] });
      for (const [id, doomed] of Map.groupBy(rows, ({ erasure }) => Number(erasure))) {
        await this.#erase(
          doomed.map((row) => doomedOf(row, String(row.app_id))),
          { id },
        );
      }
    }
  }

  #erase(messages: readonly Doomed[], { id }: Pick<Erasure, "id">): Promise<number> {
    const count = { sql: eraseSql.countErased, args: [id] };
    return eraseMessages(this.#database, messages, [count]);
  }

  #known(): readonly Erasure[] {
    if (this.#pending === undefined) throw new Error("erasures have not been read");
    return this.#pending;
  }
}

/** As many as one step may erase, or one that alone is more. */
function wholeMessages(rows: readonly Row[]): readonly Row[] {
  let events = 0;
  const count = rows.findIndex((row, index) => {
    events += Number(row.events);
    return events > stepEvents && index > 0;
  });
  return count < 0 ? rows : rows.slice(0, count);
}

/** @param row of the table `erasures` */
export function erasureOf(row: Row): Erasure {
  return {
    id: Number(row.id),
    appId: String(row.app_id),
    upToSeq: Number(row.up_to_seq),
    requestedAt: Number(row.requested_at),
    ...(row.done_at !== 0 && { doneAt: Number(row.done_at) }),
    messages: Number(row.messages),
  };
}

/** A delivery of a source may say more of a message than its events do. */
function forgetDeliveries(appId: string): { sql: string; args: [string] } {
  return { sql: sourcesSql.forgetApp, args: [appId] };
}
