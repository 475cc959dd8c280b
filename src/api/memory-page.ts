/** Pages of a list that is in memory as a whole. */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";

export interface MemoryPage<Item> {
  readonly page: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * @param kind names the list, for its cursors
 * @param items in the order of their positions, each of which is there once
 * @throws `MarsError("invalid_argument")` for a cursor of another list
 */
export function pageOf<Item>(
  kind: string,
  items: readonly Item[],
  positionOf: (item: Item) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): MemoryPage<Item> {
  const after = cursor === undefined ? undefined : positionIn(cursor, kind);
  const rest = after === undefined ? items : items.filter((item) => positionOf(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const ends = last === undefined || page.length === rest.length;
  return {
    page,
    nextCursor: ends ? null : Buffer.from(`${kind} ${positionOf(last)}`).toString("base64url"),
  };
}

/** The position in a list that goes by `createdAt`, then by `id`. */
export function creationOf({ createdAt, id }: { readonly createdAt: Micros; readonly id: string }): string {
  return `${String(createdAt).padStart(17, "0")} ${id}`;
}

function positionIn(cursor: string, kind: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  if (text.startsWith(`${kind} `)) return text.slice(kind.length + 1);
  const problem = { field: "cursor", message: "is not one of this list" };
  throw new MarsError("invalid_argument", "cursor is not one of this list", { problems: [problem] });
}
