/**
 * Backfills: messages that were stored before a version of their app's lifecycle go by it from then on, a bounded number in each
 * step. A step comes behind the raising of a round, and itself raises what is active by the same watermark. So what follows from a
 * backfill is known from what happens later: it is marked as imported, and dated as if the lifecycle had been there.
 *
 * Progress is in a row of the database, which a step moves in its transaction.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { Database } from "../../db/database.ts";
import { forgetCompletion, readCircles } from "../../db/journeys/children.ts";
import type { LifecycleCache } from "../../db/lifecycles/lifecycle-cache.ts";
import type { Tombstones } from "../../db/retention/tombstones.ts";
import { rowsOf } from "../../db/rows.ts";
import { backfillsSql, projectionSql } from "../../gen/sql.ts";
import type { CollectedEvents } from "../events/event-range.ts";
import { EventsAgain } from "../events/events-again.ts";
import { readFormerRuns } from "../instances/former-runs.ts";
import type { InstanceSteps } from "../instances/instance-steps.ts";
import { instancesOf, readFindings } from "../instances/projection-rows.ts";
import type { Narrowing } from "../narrowing.ts";
import type { BackfillProgress } from "../projection-step.ts";
import type { PausedApps } from "./due-instances.ts";
import { namedTimes, TimesOfOthers, touchAdopted } from "./times-of-others.ts";

/** Events that one step reads, unless a single message has more; some 0.2 s. */
const eventsMax = 20_000;

/** Where the messages are that are left. */
export interface BackfillPlace {
  readonly appId: string;
  readonly since: Micros;
  readonly at: Micros;
  readonly message: number;
}

/** A backfill that has not ended. */
export interface RunningBackfill extends BackfillPlace, BackfillProgress {
  readonly lifecycle: number;
  readonly upTo: number;
  /** All of its messages are projected, and its app is not paused. */
  readonly ready: boolean;
}

export class Backfills {
  readonly #database: Database;
  readonly #lifecycles: LifecycleCache;
  readonly #tombstones: Tombstones;
  /** Whether one may be running. */
  #expected = true;

  constructor(database: Database, lifecycles: LifecycleCache, tombstones: Tombstones) {
    this.#database = database;
    this.#lifecycles = lifecycles;
    this.#tombstones = tombstones;
  }

  /** The next step looks whether one runs. */
  expect(): void {
    this.#expected = true;
  }

  /** @param seq the projector's position */
  async running(seq: number, paused: PausedApps): Promise<RunningBackfill | undefined> {
    if (!this.#expected) return undefined;
    const { rows } = await this.#database.execute({ sql: backfillsSql.running, args: [paused, seq] });
    const [row] = rows;
    this.#expected = row !== undefined;
    if (row === undefined) return undefined;
    return {
      appId: String(row.app_id),
      version: Number(row.version),
      lifecycle: Number(row.lifecycle),
      upTo: Number(row.up_to),
      since: Number(row.since),
      at: Number(row.at),
      message: Number(row.message),
      done: Number(row.done),
      of: Number(row.of_count),
      ended: false,
      ready: row.ready === 1,
    };
  }

  /**
   * Has the next messages go by the lifecycle.
   *
   * @param seq as in `running`: events up to there count
   * @returns how far it is then, and what the step writes beside `steps`: before it, and behind it
   */
  async adopt(
    backfill: RunningBackfill,
    seq: number,
    narrowing: Pick<Narrowing, "instances" | "isFollowed">,
    steps: InstanceSteps,
  ): Promise<{ first: InStatement[]; more: InStatement[]; progress: BackfillProgress }> {
    const messagesMax = narrowing.instances;
    const next = rowsOf<Next>(await this.#database.execute(nextMessages(backfill, messagesMax)));
    const some = withinEvents(next);
    const mine = some.filter(([id]) => id <= backfill.upTo);
    const followed = mine.filter(([id]) => narrowing.isFollowed(id));
    const { touch, others } = await this.#adoptAll(backfill, followed, seq, steps);
    const [message, at] = some.at(-1) ?? [0, backfill.since];
    const ended = next.length < messagesMax && some.length === next.length;
    const done = backfill.done + mine.length;
    // What was accepted before it was put, and stored after, was not counted; and messages may have been deleted.
    const of = ended ? done : Math.max(backfill.of, done);
    const args = [backfill.appId, at, message, done, of, ended ? 1 : 0];
    return {
      first: [...touch, ...others],
      more: [...touch, { sql: backfillsSql.advance, args }],
      progress: { ...backfill, done, of, ended },
    };
  }

  async #adoptAll(
    { appId, lifecycle: id }: RunningBackfill,
    messages: readonly Next[],
    seq: number,
    steps: InstanceSteps,
  ): Promise<{ touch: InStatement[]; others: InStatement[] }> {
    const ids = JSON.stringify(messages.map(([message]) => message));
    const [asked, first] = await this.#database.batch(
      [
        { sql: projectionSql.instances, args: [ids] },
        { sql: backfillsSql.times, args: [ids, seq] },
      ],
      "read",
    );
    const instances = new Map(instancesOf(asked).map((instance) => [instance.message, instance]));
    const findings = await readFindings(this.#database, instances.values());
    const former = await readFormerRuns(this.#database, instances.values());
    const times = Map.groupBy(
      rowsOf<[message: number, event: string, at: Micros]>(first),
      ([message]) => message,
    );
    const followed = (await this.#lifecycles.load(new Set([id]))).get(id)!;
    const all = messages.flatMap(([message, openedAt]) => {
      const events = times.get(message);
      const stored = instances.get(message);
      // It goes by it already: its time has moved back meanwhile.
      if (events === undefined || stored?.lifecycle === id) return [];
      const byName = new Map(events.map(([, event, at]) => [event, at]));
      const collected: CollectedEvents = { message, appId, openedAt, times: byName, late: false };
      return { collected, lifecycle: followed, stored };
    });
    const whole = all.map((one) => ({ ...one, stored: undefined }));
    const readOf = await (await EventsAgain.of(this.#database, whole)).read(seq);
    const adopted = [];
    for (const one of await this.#tombstones.withoutLate(all)) {
      const { stored } = one;
      const before =
        stored && (await this.#lifecycles.load(new Set([stored.lifecycle]))).get(stored.lifecycle)!;
      adopted.push({ ...one, message: one.collected.message, lifecycle: followed, before, times: [] });
    }
    const others = new TimesOfOthers(this.#database, seq);
    const made = await others.read(adopted);
    const circles =
      followed.plan.children === undefined
        ? new Set<number>()
        : await readCircles((statement) => this.#database.execute(statement), [...made.keys()]);
    for (const { message, collected, stored, before: lifecycle } of adopted) {
      const { times = [], owed } = made.get(message) ?? {};
      const { plan } = followed;
      // It begins as if no part of a circle were complete: else each may be so for the others are.
      const begun = circles.has(message) ? times.with(plan.children!.slot, null) : times;
      for (const [name, at] of namedTimes(plan, begun)) collected.times.set(name, at);
      if (owed !== undefined) steps.owed.put(message, owed);
      const known = stored &&
        lifecycle && {
          ...{ ...stored, lifecycle },
          ...{ findings: findings.get(message) ?? [], former: former.get(message) },
        };
      steps.adopt(collected, known, followed, readOf(message));
    }
    const forget = circles.size === 0 ? [] : [forgetCompletion(circles)];
    return {
      touch: await touchAdopted(this.#lifecycles, adopted),
      others: [...forget, ...others.statements()],
    };
  }
}

/** Its first message. */
export function nextMessage({ appId, since, at, message }: BackfillPlace): InStatement {
  return { sql: backfillsSql.nextMessage, args: [appId, since, at, message] };
}

/** Passes over its first message. @param message that message */
export function passMessage({ appId }: BackfillPlace, message: number): InStatement {
  return { sql: backfillsSql.pass, args: [appId, message] };
}

type Next = readonly [message: number, openedAt: Micros, events: number];

function nextMessages({ appId, since, at, message }: BackfillPlace, messagesMax: number): InStatement {
  return { sql: backfillsSql.next, args: [appId, since, at, message, messagesMax] };
}

/** The first of them, as many as have few enough events; at least one. */
function withinEvents(next: readonly Next[]): readonly Next[] {
  let sum = 0;
  const end = next.findIndex(([, , events]) => {
    sum += events;
    return sum > eventsMax;
  });
  return end < 0 ? next : next.slice(0, Math.max(1, end));
}
