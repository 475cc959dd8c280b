/** Pages of lists that are all in memory, in the order in which their items were made. */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";

interface Made {
  readonly id: string;
  readonly createdAt: Micros;
}

/**
 * @param items by `createdAt`, then by `id`
 * @throws `MarsError("invalid_argument")` for a cursor that is none of this list
 */
export function pageByCreation<Item extends Made>(
  items: readonly Item[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly page: readonly Item[]; readonly nextCursor: string | null } {
  const after = cursor === undefined ? "" : positionIn(cursor);
  const rest = items.filter((item) => positionOf(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: last === undefined || page.length === rest.length ? null : cursorAt(last) };
}

/** The order, as a text. */
function positionOf({ createdAt, id }: Made): string {
  return `${String(createdAt).padStart(17, "0")} ${id}`;
}

function cursorAt(last: Made): string {
  return Buffer.from(positionOf(last)).toString("base64url");
}

function positionIn(cursor: string): string {
  const position = Buffer.from(cursor, "base64url").toString();
  if (/^\d{17} \w+$/.test(position)) return position;
  const problem = { field: "cursor", message: "is not one of this list" };
  throw new MarsError("invalid_argument", "cursor is not one of this list", { problems: [problem] });
}
