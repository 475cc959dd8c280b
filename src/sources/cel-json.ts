/** A value of CEL as JSON, for the attributes of an event. */
import { attributesDepthMax } from "../core/limits.ts";

/** Members at any level of one value. */
const membersMax = 2_000;

interface Room {
  members: number;
  /** Of one text: of a longer one the beginning is looked at, since it is cut. */
  readonly textChars: number;
}

/**
 * @param textChars of one text, beyond which it is cut
 * @returns `undefined` where there is no value
 * @throws `Error` for what has too many members or no form in JSON
 */
export function celToJson(value: unknown, textChars: number): unknown {
  return value === undefined || value === null
    ? undefined
    : jsonOf(value, { members: membersMax, textChars }, 2);
}

function jsonOf(value: unknown, room: Room, depth: number): unknown {
  if (--room.members < 0) throw new Error(`it has more than ${membersMax} members`);
  if (depth > attributesDepthMax) throw new Error(`it nests deeper than ${attributesDepthMax} levels`);
  switch (typeof value) {
    case "string":
      return value.length > room.textChars ? `${value.slice(0, room.textChars)}…` : value;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case "number":
      if (!Number.isFinite(value)) throw new Error("it is no number");
      return value;
    case "boolean":
      return value;
    case "object":
      break;
    default:
      throw new Error("it is no JSON");
  }
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((one) => jsonOf(one, room, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (!(value instanceof Map) && prototype !== Object.prototype && prototype !== null)
    throw new Error("it is no JSON");
  return Object.fromEntries(entries.map(([key, one]) => [String(key), jsonOf(one, room, depth + 1)]));
}
