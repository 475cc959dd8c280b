/**
 * The messages that a step judges again from what is stored, though no event of theirs has come: something else has changed that their
 * state depends on. The writer of such a change puts them into the table `revisits`, in its transaction, and wakes the loop
 * (`ProjectionLoop.nudge`). Nothing is raised while some are left, so that what holds at a watermark is exact.
 *
 * The queue is bounded by the number of messages; a step takes `Narrowing.instances` of them.
 */

import type { InStatement } from "@libsql/client";
import type { Result } from "../db/embedded.ts";
import { rowsOf } from "../db/rows.ts";
import { revisitsSql } from "../gen/sql.ts";

/** Puts messages into the queue. Those that are there stay once. */
export function putRevisits(messages: readonly number[]): InStatement {
  return { sql: revisitsSql.put, args: [JSON.stringify(messages)] };
}

/** Takes them out of it, when they have been judged. */
export function forgetRevisits(messages: readonly number[]): InStatement {
  return { sql: revisitsSql.forget, args: [JSON.stringify(messages)] };
}

/**
 * The instances of the first of them, and the messages themselves.
 *
 * @param seq the projector's position: it judges the messages that begin behind it when it gets there
 */
export function readRevisits(seq: number, messagesMax: number): InStatement[] {
  const args = [seq, messagesMax];
  return [
    { sql: revisitsSql.instances, args },
    { sql: revisitsSql.first, args },
  ];
}

/** @param result the last of `readRevisits` */
export function revisitsOf(result: Result | undefined): number[] {
  return rowsOf<number>(result);
}

/** Of the first of them, the message. */
export function firstRevisit(seq: number): InStatement {
  return { sql: revisitsSql.firstMessage, args: [seq] };
}
