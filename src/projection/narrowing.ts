/**
 * Finds the message for which a step always fails: the projector reads less at a time, down to one message, and sets that
 * aside from being followed. So no message delays another.
 */
import type { InStatement } from "@libsql/client";
import { MarsError } from "../core/error.ts";
import { nowMicros } from "../core/time.ts";
import type { Database } from "../db/database.ts";
import { SetAsideWriter } from "../db/set-aside/set-aside-writer.ts";
import { narrowingSql, revisitsSql } from "../gen/sql.ts";
import { type BackfillPlace, nextMessage, passMessage } from "./again/backfills.ts";
import { firstAhead, firstDue, type PausedApps } from "./again/due-instances.ts";
import { movePosition, type ProjectionPosition } from "./position.ts";
import type { ProjectionAside } from "./projection-step.ts";
import { firstRevisit, forgetRevisits } from "./revisits.ts";

/** Events that one step reads, changes of counted events, and instances that it looks at. */
const eventsMax = 10_000;
const changesMax = 1_000;
const instancesMax = 2_000;
/** Messages set aside by internal errors with no step in between; beyond that, the messages are not the cause. */
const asideInARowMax = 100;

/** The phase of a step. */
export type Phase =
  | { readonly what: "events"; readonly from: number; readonly to: number }
  | { readonly what: "changes" }
  | { readonly what: "revisits"; readonly seq: number }
  | { readonly what: "backfill"; readonly place: BackfillPlace }
  | { readonly what: "due"; readonly watermark: number; readonly paused: PausedApps }
  | { readonly what: "ahead"; readonly watermark: number };

export class Narrowing {
  readonly #database: Database;
  readonly #aside: SetAsideWriter;
  /** How often the step has been halved. */
  #halved = 0;
  #inARow = 0;
  #phase: Phase | undefined;
  /** Messages that are not followed; bounded by `setAsideMax`. */
  #unfollowed: Set<number> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#aside = new SetAsideWriter(database);
  }

  get events(): number {
    return this.#limit(eventsMax);
  }

  get changes(): number {
    return this.#limit(changesMax);
  }

  get instances(): number {
    return this.#limit(instancesMax);
  }

  /** The step cannot be halved any more: it must read one thing at a time, so that what fails is known. */
  get single(): boolean {
    return this.events === 1;
  }

  /** Reads which messages are not followed, unless that is known. */
  async open(): Promise<void> {
    if (this.#unfollowed !== undefined) return;
    const { rows } = await this.#database.execute(narrowingSql.unfollowed);
    this.#unfollowed = new Set(rows.map((row) => Number(row.seq)));
  }

  readonly isFollowed = (message: number): boolean => this.#unfollowed?.has(message) !== true;

  /** The set-aside items have changed: they are read again. */
  forget(): void {
    this.#unfollowed = undefined;
  }

  /** @param phase `undefined` when there was nothing to do, from which nothing follows */
  doing(phase: Phase | undefined): void {
    this.#phase = phase;
  }

  /** A step has succeeded: the next one may be twice as large. */
  succeeded(): void {
    if (this.#phase === undefined) return;
    this.#phase = undefined;
    this.#inARow = 0;
    if (this.#halved > 0) this.#halved -= 1;
  }

  /**
   * A step has failed. A transient fault is thrown again, to be tried later.
   *
   * @param position where the projector is in the database
   * @returns what was set aside; `undefined` when the step is to be tried again with less
   */
  async failed(
    thrown: unknown,
    position: () => Promise<ProjectionPosition>,
  ): Promise<ProjectionAside | undefined> {
    const error = MarsError.from(thrown);
    const phase = this.#phase;
    this.#phase = undefined;
    const single = this.single && this.instances === 1;
    this.#halved += single ? 0 : 1;
    if (phase === undefined || (error.code !== "unprocessable" && error.code !== "internal")) throw error;
    if (!single) return undefined;
    if (error.code === "internal" && this.#inARow >= asideInARowMax) throw error;
    this.#inARow += 1;
    return this.#putAside(phase, error, await position());
  }

  async #putAside(phase: Phase, error: MarsError, position: ProjectionPosition): Promise<ProjectionAside> {
    const { rows } = await this.#database.execute(culpritOf(phase));
    const message = rows[0] === undefined || rows[0].message === null ? undefined : Number(rows[0].message);
    const next = { ...position, step: position.step + 1 };
    await this.open();
    if (message !== undefined && this.isFollowed(message) && (await this.#isThere(message))) {
      await this.#aside.assertRoom();
      await this.#database.batch([movePosition(next), ...putMessageAside(message, error)], "write");
      this.#unfollowed?.add(message);
    } else if (phase.what === "ahead" || (phase.what === "due" && message === undefined)) {
      throw error;
    } else {
      // It fails although its message is not projected: it is left out, and not counted.
      await this.#database.batch(passOver(phase, next, message), "write");
    }
    return {
      message: message ?? 0,
      count: await this.#aside.count(),
      fault: {
        code: error.code,
        message: error.message,
        stack: String((error.cause as Error)?.stack ?? error.stack),
      },
    };
  }

  async #isThere(message: number): Promise<boolean> {
    const { rows } = await this.#database.execute({
      sql: narrowingSql.message,
      args: [message],
    });
    return rows.length > 0;
  }

  #limit(max: number): number {
    return Math.max(1, Math.ceil(max / 2 ** this.#halved));
  }
}

function culpritOf(phase: Phase): InStatement {
  if (phase.what === "events") return { sql: narrowingSql.firstEvent, args: [phase.from, phase.to] };
  if (phase.what === "changes") return narrowingSql.firstChange;
  if (phase.what === "revisits") return firstRevisit(phase.seq);
  if (phase.what === "backfill") return nextMessage(phase.place);
  return phase.what === "due" ? firstDue(phase.watermark, phase.paused) : firstAhead(phase.watermark);
}

/** It is not due any more: `rebuildInstance` makes it so. */
function putMessageAside(message: number, { code, message: reason }: MarsError): InStatement[] {
  return [
    { sql: narrowingSql.setAside, args: [message, nowMicros(), code, reason] },
    { sql: narrowingSql.neverDue, args: [message] },
    forgetRevisits([message]),
  ];
}

function passOver(phase: Phase, next: ProjectionPosition, message: number | undefined): InStatement[] {
  if (phase.what === "events") return [movePosition({ ...next, seq: phase.to })];
  if (phase.what === "revisits") return [movePosition(next), revisitsSql.forgetFirst];
  if (phase.what === "backfill") {
    return message === undefined
      ? [movePosition(next)]
      : [movePosition(next), passMessage(phase.place, message)];
  }
  const passed: InStatement =
    phase.what === "changes"
      ? narrowingSql.forgetFirstChange
      : { sql: narrowingSql.neverDue, args: [message ?? 0] };
  return [movePosition(next), passed];
}

/** Rebuilds a message's instance in the next steps: all of its events are collected again, and it is due. */
export function rebuildInstance(message: number): InStatement[] {
  return [
    { sql: narrowingSql.readAgain, args: [message] },
    { sql: narrowingSql.dueNow, args: [message] },
  ];
}
