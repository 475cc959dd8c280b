/**
 * Tombstones of messages that retention has deleted. A late event of one of them is stored, as a message of its own, and no
 * instance begins with it: the stages of long ago are not missing. They are kept for another retention time of their app.
 */
import { createHash } from "node:crypto";
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { tombstonesSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import type { StoredLifecycle } from "../lifecycles/lifecycle-cache.ts";
import { readMessageIds } from "../messages/message-ids.ts";

/** 48 bits; NUL occurs in no id. */
export function messageHash(appId: string, messageId: string): number {
  return createHash("sha256").update(`${appId}\0${messageId}`).digest().readUIntBE(0, 6);
}

/** A message that is about to be deleted. */
export interface Buried {
  readonly id: number;
  readonly hash: number;
  /** Its latest time. */
  readonly updatedAt: Micros;
}

/** A message with new events, and the lifecycle that it goes by. */
interface Followed {
  readonly collected: {
    readonly message: number;
    readonly appId: string;
    /** The earliest time of each event. */
    readonly times: ReadonlyMap<string, Micros>;
  };
  readonly lifecycle: Pick<StoredLifecycle, "plan">;
  /** `undefined` for a new message. */
  readonly stored: unknown;
}

export class Tombstones {
  readonly #database: Database;
  /** The latest time of any message that has one; `undefined` before the first read. */
  #latest: Micros | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Buries those of the messages that are in `remains`.
   *
   * @param until when their tombstones are forgotten, in the time that has passed while Mars ran
   */
  bury(messages: readonly Buried[], until: Micros): InStatement {
    if (this.#latest !== undefined) {
      for (const { updatedAt } of messages) this.#latest = Math.max(this.#latest, updatedAt);
    }
    return {
      sql: tombstonesSql.bury,
      args: [JSON.stringify(messages), until],
    };
  }

  /** Leaves out the messages that begin with a late event. */
  async withoutLate<One extends Followed>(followed: readonly One[]): Promise<readonly One[]> {
    const late = await this.#late(followed.filter(({ stored }) => stored === undefined));
    return late.size === 0 ? followed : followed.filter(({ collected }) => !late.has(collected.message));
  }

  /**
   * Of new messages those that were deleted before: without an opening stage that is younger than their tombstone. A message
   * with a young opening stage, as nearly all have, costs no read.
   */
  async #late(births: readonly Followed[]): Promise<ReadonlySet<number>> {
    if (births.length === 0) return none;
    this.#latest ??= Number((await this.#database.execute(tombstonesSql.latest)).rows[0]?.at);
    const latest = this.#latest;
    const asked = new Map<number, { readonly appId: string; readonly openedAt: Micros }>();
    for (const birth of births) {
      const { message, appId } = birth.collected;
      const openedAt = openingOf(birth);
      if (openedAt <= latest) asked.set(message, { appId, openedAt });
    }
    if (asked.size === 0) return none;
    const names = await readMessageIds(this.#database, [...asked.keys()]);
    const byHash = new Map(
      [...names].map(([message, messageId]) => [messageHash(asked.get(message)!.appId, messageId), message]),
    );
    const { rows } = await this.#database.execute({
      sql: tombstonesSql.byHash,
      args: [JSON.stringify([...byHash.keys()])],
    });
    return new Set(
      rows
        .map((row) => ({ message: byHash.get(Number(row.hash))!, updatedAt: Number(row.updated_at) }))
        .filter(({ message, updatedAt }) => asked.get(message)!.openedAt <= updatedAt)
        .map(({ message }) => message),
    );
  }
}

const none: ReadonlySet<number> = new Set();

/** When its first stage was, as far as is known; long ago where it has not come. */
function openingOf({ collected, lifecycle: { plan } }: Followed): Micros {
  const slots = plan.stages[0]?.events ?? [];
  let first = Number.POSITIVE_INFINITY;
  for (const [event, at] of collected.times) {
    const slot = plan.slots.get(event);
    if (slot !== undefined && slots.includes(slot)) first = Math.min(first, at);
  }
  return first === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : first;
}

/** @param elapsed the time that has passed while Mars ran (`Clock.elapsed`) */
export function forgetTombstones(elapsed: Micros): InStatement {
  return { sql: tombstonesSql.forget, args: [elapsed] };
}
