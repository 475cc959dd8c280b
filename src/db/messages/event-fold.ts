/**
 * The events of messages as their summaries need them: the times of each name, external ids and parents. They are folded here, since to
 * group them in SQL costs four times as much. SQL groups those of a message with many events, and looks at some where they are very many.
 */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { externalIdsMax } from "../../core/fold.ts";
import { summariesSql } from "../../gen/sql.ts";
import { rowsOf } from "../rows.ts";

/** Events of one message that its summary looks at: with more, half of them are its first and half its last. */
export const lookedAtMax = 10_000;
/** Events that are folded here at one time: together they have 5 MB at most, and a database server answers no more than 10. */
export const foldedMax = 4_000;

/** A name of a message's events with their first and last time, and whether any of them was from ahead. */
export interface StageTimes {
  readonly message: number;
  readonly event: string;
  readonly first: Micros;
  readonly last: Micros;
  readonly ahead: boolean;
}

/** An external id and a parent that one message's events have; either may be empty. */
export interface MessageNames {
  readonly message: number;
  readonly externalId: string;
  readonly parentId: string;
}

/** An event; `happenedAt` without what it was ahead. */
export interface FoldedEvent {
  readonly event: string;
  readonly happenedAt: Micros;
  readonly ahead: boolean;
  readonly externalId: string;
  readonly parentId: string;
}

export class EventFold {
  readonly #message: number;
  readonly #stages = new Map<string, StageTimes>();
  readonly #names = new Map<string, MessageNames>();

  constructor(message: number) {
    this.#message = message;
  }

  add({ event, happenedAt, ahead, externalId, parentId }: FoldedEvent): void {
    const message = this.#message;
    const known = this.#stages.get(event);
    this.#stages.set(event, {
      message,
      event,
      first: Math.min(known?.first ?? happenedAt, happenedAt),
      last: Math.max(known?.last ?? happenedAt, happenedAt),
      ahead: ahead || (known?.ahead ?? false),
    });
    // NUL is in neither.
    if (externalId !== "" || parentId !== "")
      this.#names.set(`${externalId}\0${parentId}`, { message, externalId, parentId });
  }

  get stages(): StageTimes[] {
    return [...this.#stages.values()];
  }

  /** Each once. */
  get names(): MessageNames[] {
    return [...this.#names.values()];
  }
}

/** By the messages' numbers; without those that are not there. */
export type EventFolds = ReadonlyMap<number, Pick<EventFold, "stages" | "names">>;

export interface FoldRead {
  readonly statements: readonly InStatement[];
  /** @param results of the statements, in their order */
  of(results: readonly (readonly Row[])[]): EventFolds;
}

/** @param events how many they have: `foldedMax` at most, or more where it is one message */
export function foldRead(messages: readonly number[], events: number): FoldRead {
  const [first] = messages;
  if (first !== undefined && messages.length === 1 && events > foldedMax) return foldReadOfLarge(first);
  return {
    statements: [{ sql: summariesSql.events, args: [JSON.stringify(messages)] }],
    of([rows = []]) {
      const folds = new Map<number, EventFold>();
      for (const [message, event, happenedAt, ahead, externalId, parentId] of textRows<EventValues>(rows)) {
        const fold = folds.get(message) ?? new EventFold(message);
        folds.set(message, fold);
        fold.add({ event, happenedAt, ahead: ahead !== 0, externalId, parentId });
      }
      return folds;
    },
  };
}

function foldReadOfLarge(message: number): FoldRead {
  return {
    statements: [
      { sql: summariesSql.stagesOfLarge, args: [message, lookedAtMax / 2] },
      // One external id more than are shown.
      { sql: summariesSql.namesOfLarge, args: [message, lookedAtMax / 2, externalIdsMax + 1] },
    ],
    of([staged = [], named = []]) {
      const stages = textRows<StageValues>(staged).map(([message, event, first, last, ahead]) => ({
        ...{ message, event, first, last },
        ahead: ahead !== 0,
      }));
      const names = textRows<NameValues>(named).map(([message, externalId, parentId]) => ({
        ...{ message, externalId, parentId },
      }));
      return new Map(stages.length === 0 ? [] : [[message, { stages, names }]]);
    },
  };
}

function textRows<Values>(rows: readonly Row[]): Values[] {
  return rowsOf<Values>({ rows: [...rows] });
}

type StageValues = [message: number, event: string, first: Micros, last: Micros, ahead: number];
type NameValues = [message: number, externalId: string, parentId: string];
type EventValues = [
  message: number,
  event: string,
  happenedAt: Micros,
  ahead: number,
  externalId: string,
  parentId: string,
];
