/**
 * The attributes of a mapped event, within the bound that all events have. Nothing refuses the event: a long text is cut, a member that
 * does not fit any more is left out, and both are reported. Members come in the order of the source's definition.
 */
import { stringifyExact } from "../core/exact-json.ts";
import { attributesBytesMax, attributesDepthMax } from "../core/limits.ts";

/** Bytes of one text as JSON, beyond which it is cut. */
const textBytesMax = 1_024;
/** Members at any level of one attribute: a longer list is left out. */
const membersMax = 2_000;

export interface FittedAttributes {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Names with what was done to them: `subject was cut`. */
  readonly notes: readonly string[];
}

/** @param values in order; `undefined` and `null` are left out without a word */
export function fitAttributes(values: Iterable<readonly [name: string, value: unknown]>): FittedAttributes {
  const notes: string[] = [];
  const fitted: (readonly [string, unknown])[] = [];
  // The braces.
  let left = attributesBytesMax - 2;
  for (const [name, given] of values) {
    if (given === undefined || given === null) continue;
    let value: unknown;
    try {
      value = asJson(given, { left: membersMax }, 2);
    } catch (thrown) {
      notes.push(`${name} is left out: ${thrown instanceof Error ? thrown.message : "it is no JSON"}`);
      continue;
    }
    // A quote each, colon and comma.
    const room = left - Buffer.byteLength(JSON.stringify(name)) - 2;
    const text = typeof value === "string" ? cutText(value, Math.min(textBytesMax, room)) : value;
    if (text !== value && text !== "")
      notes.push(`${name} is cut to ${Buffer.byteLength(String(text))} bytes`);
    const bytes = Buffer.byteLength(stringifyExact(text));
    if (bytes > room || (text === "" && value !== "")) {
      notes.push(`${name} is left out: there is no room for it in ${attributesBytesMax} bytes`);
      continue;
    }
    left = room - bytes;
    fitted.push([name, text]);
  }
  return { attributes: Object.fromEntries(fitted), notes };
}

/** A text that as JSON has so many bytes at most. */
function cutText(text: string, bytesMax: number): string {
  if (text.length * 6 + 2 <= bytesMax || Buffer.byteLength(JSON.stringify(text)) <= bytesMax) return text;
  const ellipsis = "…";
  let length = Math.min(text.length, Math.max(0, bytesMax));
  while (length > 0) {
    const cut = text.slice(0, length).toWellFormed() + ellipsis;
    const over = Buffer.byteLength(JSON.stringify(cut)) - bytesMax;
    if (over <= 0) return cut;
    length -= Math.max(1, Math.ceil(over / 6));
  }
  return "";
}

interface Room {
  left: number;
}

/** A value of CEL as JSON. @throws `Error` for what is too large, or has none */
function asJson(value: unknown, room: Room, depth: number): unknown {
  if (--room.left < 0) throw new Error(`it has more than ${membersMax} members`);
  if (depth > attributesDepthMax) throw new Error(`it nests deeper than ${attributesDepthMax} levels`);
  switch (typeof value) {
    case "string":
      return cleaned(value);
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
  if (Array.isArray(value)) return value.map((one) => asJson(one, room, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (!(value instanceof Map) && prototype !== Object.prototype && prototype !== null)
    throw new Error("it is no JSON");
  return Object.fromEntries(
    entries.map(([key, one]) => [cleaned(String(key)), asJson(one, room, depth + 1)]),
  );
}

/** As events may have it: well-formed and without NUL. The whole of a huge text is not looked at, since it is cut. */
function cleaned(text: string): string {
  const some = text.length > attributesBytesMax ? `${text.slice(0, attributesBytesMax)}…` : text;
  return some.toWellFormed().replaceAll("\0", "\ufffd");
}
