/** Cursors: the key at which a page ended, opaque to clients, and good only for the kind of list that it was made for. */
import { MarsError } from "../core/error.ts";

export function formatCursor(kind: string, key: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify([kind, ...key])).toString("base64url");
}

/** The kind of list that a cursor is good for; `undefined` where it is none. */
export function cursorKind(cursor: string): string | undefined {
  try {
    const [kind] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    return typeof kind === "string" ? kind : undefined;
  } catch {
    // `parseCursor` refuses it with a reason.
    return undefined;
  }
}

/**
 * @param types of the key's values, in its order
 * @throws `MarsError("invalid_argument")` for a cursor of another list; it would skip and repeat
 */
export function parseCursor<Types extends readonly ("integer" | "text")[]>(
  cursor: string,
  kind: string,
  types: Types,
): {
  -readonly [K in keyof Types]: Types[K] extends "integer"
    ? number
    : Types[K] extends "text"
      ? string
      : number | string;
} {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    key = undefined;
  }
  if (Array.isArray(key) && key.length === types.length + 1 && key[0] === kind) {
    const values = key.slice(1) as unknown[];
    const fits = types.every((type, index) =>
      type === "integer" ? Number.isSafeInteger(values[index]) : typeof values[index] === "string",
    );
    if (fits) return values as never;
  }
  const message = `must be the next_cursor of a page of the same list (${kind})`;
  throw new MarsError("invalid_argument", `cursor ${message}`, { problems: [{ field: "cursor", message }] });
}
