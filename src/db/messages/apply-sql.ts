/**
 * The statements of one store transaction. Each takes a text of a whole chunk as one JSON parameter, so that a thousand
 * messages cost two statements, and a database server one round trip. `StoreChunk` has the layout of the texts.
 */
import type { InStatement } from "@libsql/client";
import type { MarsEvent, SequencedEvent } from "../../core/event.ts";
import type { StoreBatch, StoreChunk, StoreOutcome } from "../../core/ports.ts";
import { applySql, attributesSql } from "../../gen/sql.ts";
import type { Result } from "../embedded.ts";
import { marked } from "./event-rows.ts";

/** Sets how far the journal is stored. Fails, and the transaction with it, unless the database is at `from`. */
export function movePosition(journalId: string, { from, to }: Pick<StoreBatch, "from" | "to">): InStatement {
  return { sql: applySql.movePosition, args: [journalId, from, to] };
}

export function knownPosition(journalId: string): InStatement {
  return { sql: applySql.knownPosition, args: [journalId] };
}

export function upsertMessages(chunk: StoreChunk): InStatement {
  return { sql: applySql.upsertMessages, args: [chunk.messages] };
}

/** Inserts the events, after their messages. */
export function insertEvents({ plain, events }: StoreChunk): InStatement {
  return { sql: plain ? applySql.insertPlainEvents : applySql.insertEvents, args: [events] };
}

/** After all events: corrects the counts and times of messages that had repeats. */
export const resolveAliases: InStatement = applySql.resolveAliases;

/** How many events of the batch were new. Usually all were, and then `outcome` is not needed, which takes ten times as long. */
export function countStored({ from, to }: Pick<StoreBatch, "from" | "to">): InStatement {
  return { sql: applySql.countStored, args: [from, to] };
}

/** Which events of the batch were new, and which earlier ones it changed. */
export function outcome({ from, to, count }: Omit<StoreBatch, "chunks">): InStatement {
  return { sql: applySql.outcome, args: [from, to, count] };
}

/** An outcome as its statement has it: 0 for an event that is not ahead, and an empty text for one without a trace. */
type Changed = Omit<StoreOutcome, "changed"> & {
  readonly changed: readonly (SequencedEvent & Required<Pick<MarsEvent, "aheadBy" | "traceparent">>)[];
};

/** @param result of `outcome` */
export function outcomeOf(result: Result | undefined): StoreOutcome | null {
  const text = result?.rows[0]?.outcome;
  if (typeof text !== "string") return null;
  const { fresh, changed } = JSON.parse(text) as Changed;
  return {
    fresh,
    changed: changed.map(({ aheadBy, traceparent, ...event }) => ({
      ...event,
      ...marked(aheadBy, traceparent),
    })),
  };
}

/** Has the projector count events that lie behind its place in the sequence, and those that it counts indexed. */
export function collectLate({ from, to }: Pick<StoreBatch, "from" | "to">): InStatement[] {
  return [applySql.collectLate, attributesSql.collectLate].map((sql) => ({ sql, args: [from, to] }));
}
