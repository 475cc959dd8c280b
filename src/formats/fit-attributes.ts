/**
 * Makes the attributes of an event from the fields of a foreign record, within the bound on attributes: what does not fit is cut and
 * never refuses the event.
 *
 * Fields are kept in their order. Those that alone are longer than an eighth of the bound come after all others, and share the
 * room that is left. One that fits is kept whole. Of one that does not, a text is cut, and of an object those members are kept that fit,
 * by the same rule. Others are left out. `mars.cut` then says how many fields are cut or left out, and a note for each says which.
 */
import { stringifyExact } from "../core/exact-json.ts";
import { attributesDepthMax } from "../core/limits.ts";

/** The name of a field, and its value as JSON has it; `undefined` is no field. */
export type Field = readonly [name: string, value: unknown];

/** Where something was cut: how many fields of the record are not, or not whole, in the attributes. */
export const cutName = "mars.cut";

/** A field is long beyond this share of the bound. */
const longShare = 8;
/** The room for `"mars.cut":1234567,` */
const cutBytes = 24;
/** A text is not cut to less than this many bytes, but left out. */
const textBytesMin = 32;
const ellipsis = "…";

/**
 * @param fields in the order of their worth; of two with the same name the first counts
 * @param bytesMax of the attributes as JSON
 * @param notes gets a sentence for each field that is cut or left out
 * @returns `undefined` where there is no field
 */
export function fitAttributes(
  fields: Iterable<Field>,
  bytesMax: number,
  notes?: string[],
): Readonly<Record<string, unknown>> | undefined {
  const all = new Map<string, unknown>();
  for (const [sentName, value] of fields) {
    const name = cleanText(sentName);
    if (value !== undefined && !all.has(name)) all.set(name, cleaned(value, 2));
  }
  if (all.size === 0) return undefined;
  const { kept, cut } = fitMembers(all, bytesMax - cutBytes - 2, (name, bytes) =>
    notes?.push(
      bytes === 0
        ? `${name} is left out: there is no room for it in ${bytesMax} bytes`
        : `${name} is cut to ${bytes} bytes`,
    ),
  );
  if (cut > 0) kept.push([cutName, cut]);
  // "__proto__" is a name like any other.
  return Object.fromEntries(kept);
}

interface FittedMembers {
  readonly kept: (readonly [name: string, value: unknown])[];
  /** How many are cut or left out. */
  readonly cut: number;
}

/** @param onCut is called for each that is cut to so many bytes as JSON; 0: it is left out */
function fitMembers(
  members: Iterable<readonly [string, unknown]>,
  room: number,
  onCut: (name: string, bytes: number) => void = () => undefined,
): FittedMembers {
  const kept: (readonly [string, unknown])[] = [];
  const long: (readonly [string, unknown])[] = [];
  let [left, cut] = [room, 0];
  const keep = (name: string, value: unknown, share: number) => {
    const fitted = fitMember(name, value, share);
    if (fitted === undefined || fitted.cut) {
      cut++;
      onCut(name, fitted === undefined ? 0 : jsonBytes(fitted.value));
    }
    if (fitted === undefined) return;
    left -= fitted.bytes;
    kept.push([name, fitted.value]);
  };
  for (const [name, value] of members) {
    if (jsonBytes(value) > room / longShare) long.push([name, value]);
    else keep(name, value, left);
  }
  // The long ones share what is left.
  for (const [index, [name, value]] of long.entries()) {
    keep(name, value, Math.floor(left / (long.length - index)));
  }
  return { kept, cut };
}

interface FittedMember {
  readonly value: unknown;
  readonly bytes: number;
  readonly cut: boolean;
}

/** `undefined`: not even a part of it fits. */
function fitMember(name: string, value: unknown, room: number): FittedMember | undefined {
  // With the colon and the comma.
  const nameBytes = jsonBytes(name) + 2;
  const bytes = nameBytes + jsonBytes(value);
  if (bytes <= room) return { value, bytes, cut: false };
  const left = room - nameBytes;
  const part = typeof value === "string" ? cutText(value, left) : cutObject(value, left);
  if (part === undefined) return undefined;
  return { value: part, bytes: nameBytes + jsonBytes(part), cut: true };
}

function cutText(text: string, room: number): string | undefined {
  if (room < textBytesMin) return undefined;
  // No character has fewer bytes in JSON than it has units here.
  let length = Math.min(text.length, room);
  for (;;) {
    const part =
      text
        .slice(0, length)
        .toWellFormed()
        .replace(/\ufffd$/, "") + ellipsis;
    const over = jsonBytes(part) - room;
    if (over <= 0) return part;
    // At most six bytes for each unit.
    length -= Math.ceil(over / 6);
    if (length <= 0) return undefined;
  }
}

function cutObject(value: unknown, room: number): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { kept } = fitMembers(Object.entries(value), room - 2);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(stringifyExact(value) ?? "null");
}

/** The value without what attributes may not have: it is the sender's, and is not refused for it. */
function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  if (depth > attributesDepthMax) return ellipsis;
  if (Array.isArray(value)) return value.map((member) => cleaned(member, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [cleanText(name), cleaned(member, depth + 1)]),
  );
}

/** The text in well-formed Unicode and without NUL, which events may not have. */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes("\0") ? wellFormed.replaceAll("\0", "\ufffd") : wellFormed;
}
