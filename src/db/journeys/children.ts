/**
 * The children of messages: those whose events name a message of their app as parent. Which they are, and when each completed, is kept in a
 * table, so that a batch of many is judged by its index.
 */
import type { InStatement, ResultSet } from "@libsql/client";
import { childrenSql } from "../../gen/sql.ts";
import { type Children, childrenCountMax } from "../../lifecycle/children.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { rowsOf } from "../rows.ts";

type Execute = (statement: InStatement) => Promise<Pick<ResultSet, "rows">>;

/** Ids of children that are read: one more than are shown. */
const idsMax = 101;

/** A message whose lifecycle waits for its children. */
export interface ParentMessage {
  readonly message: number;
  readonly plan: Plan;
}

/**
 * By the message; of those whose lifecycles do not wait for children nothing.
 *
 * @param upTo events up to this seq count
 */
export async function readChildren(
  execute: Execute,
  messages: readonly ParentMessage[],
  upTo: number,
): Promise<ReadonlyMap<number, Children>> {
  const parents = messages.flatMap(({ message, plan: { children } }) => {
    if (children === undefined) return [];
    const path = children.count === undefined ? null : `$."${children.count}"`;
    return { message, row: [message, path, children.after] };
  });
  if (parents.length === 0) return new Map();
  const args = [JSON.stringify(parents.map(({ row }) => row)), upTo, idsMax, childrenCountMax];
  const rows = rowsOf<ChildrenRow>(await execute({ sql: childrenSql.read, args }));
  return new Map(
    parents.map(({ message }, index) => {
      const [total, incomplete, lastAt, missing, said] = rows[index]!;
      const [size = null, saidAt = null, ignored = null] = said ?? [];
      return [
        message,
        {
          ...{ total, incomplete, lastAt: lastAt ?? 0, missing },
          ...(size !== null && saidAt !== null && { count: { size, saidAt } }),
          ...(ignored !== null && { ignored }),
        },
      ];
    }),
  );
}

type ChildrenRow = [
  total: number,
  incomplete: number,
  lastAt: number | null,
  missing: string[],
  said: [size: number | null, at: number | null, ignored: string | null] | null,
];

/**
 * Of these messages those that are parts of themselves, by way of others or not, and with them all between. Such a circle completes by
 * an event, not by itself: where the lifecycle changes by which one of it was complete, it must not stay so because of that.
 */
export async function readCircles(execute: Execute, messages: readonly number[]): Promise<Set<number>> {
  const rows = rowsOf<[number]>(
    await execute({ sql: childrenSql.circles, args: [JSON.stringify(messages)] }),
  );
  return new Set(rows.map(([message]) => message));
}

/** Has these be complete no more until they are judged again, which it sees to. */
export function forgetCompletion(messages: Iterable<number>): InStatement {
  return { sql: childrenSql.forget, args: [JSON.stringify([...messages])] };
}

/**
 * Learns parents from the events of a step, and has those judged again that depend on them.
 *
 * @param range as the step has it: events, and changes before them
 */
export function learnChildren({
  from,
  to,
  changes,
}: {
  readonly from: number;
  readonly to: number;
  readonly changes: number;
}): InStatement[] {
  return [
    { sql: childrenSql.learn, args: [from, to] },
    ...(changes > 0 ? [{ sql: childrenSql.learnAgain, args: [changes, to] }] : []),
  ];
}
