/** Cursors: where a page ended, opaque to clients, and good only for the kind of list that it was made for. */
import { MarsError } from "../core/error.ts";

export type Place = readonly (number | string)[];

export function formatCursor(kind: string, place: Place): string {
  return Buffer.from(JSON.stringify([kind, ...place])).toString("base64url");
}

/**
 * @param shape a value of each type that the place has, in its order
 * @throws `MarsError("invalid_argument")` for a cursor of another list; it would skip and repeat
 */
export function parseCursor<Shape extends Place>(
  cursor: string,
  kind: string,
  shape: Shape,
): { -readonly [K in keyof Shape]: Shape[K] extends number ? number : string } {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    place = undefined;
  }
  if (Array.isArray(place) && place.length === shape.length + 1 && place[0] === kind) {
    const values = place.slice(1) as unknown[];
    const fits = shape.every((like, index) =>
      typeof like === "number" ? Number.isSafeInteger(values[index]) : typeof values[index] === "string",
    );
    if (fits) return values as never;
  }
  const message = `must be the next_cursor of a page of the same list (${kind})`;
  throw new MarsError("invalid_argument", `cursor ${message}`, { problems: [{ field: "cursor", message }] });
}
