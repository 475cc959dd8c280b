/**
 * From what is declared to the changes that a Mars needs, and to their application. The same for a file at the start, at SIGHUP,
 * and of `mars apply`; the operations check the rights of their caller and record it in the audit.
 */
import { isDeepStrictEqual } from "node:util";
import type { DeclaredKind } from "../config/config-file.ts";
import type { Declaration, Declared } from "./declaration.ts";
import { type Ask, Refused } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { type RecordChange, readRecord, thingOf } from "./record.ts";

/** A member that differs, each side as JSON, cut; absent where it is not there. Secrets are `(hidden)`. */
export interface Difference {
  readonly field: string;
  readonly from?: string;
  readonly to?: string;
}

export interface Change {
  readonly action: "create" | "change" | "remove";
  readonly kind: DeclaredKind;
  readonly id: string;
  readonly differences: readonly Difference[];
}

export interface Plan {
  readonly changes: readonly (Change & { readonly declaration: Declaration })[];
  /** Nothing of them is seen to differ, and the caller may not have their secrets compared. */
  readonly secrets: readonly Declaration[];
  /** What cannot be applied; nothing must be, then. */
  readonly problems: readonly string[];
  /** Ids with their kinds of what the file once declared, which is there and will stay. */
  readonly left: readonly string[];
  /** Absent without a name of the file. */
  readonly record?: RecordChange;
}

const shownCharsMax = 80;

/** One declaration was refused, or Mars could not be asked: `cause` says why. The message is its place. */
export class NotApplied extends Error {}

/** Reads what there is. Rejects as `ask` does. */
export async function planOf(declared: Declared, ask: Ask): Promise<Plan> {
  const record = await readRecord(declared, ask);
  const { prune } = declared;
  // What is no longer declared is looked at in any case: the record loses what has gone otherwise.
  const declarations = [...declared.declarations, ...record.dropped];
  const stays = (one: Declaration) => !prune && record.dropped.includes(one);
  const changes: Plan["changes"][number][] = [];
  const secrets: Declaration[] = [];
  const known = new Map<DeclaredKind, ReadonlySet<string>>();
  for (const kind of kinds) {
    const own = declarations.filter((one) => one.kind === kind);
    // Of what rules may name it must be known whether it is there.
    const named = kind.name === "sinks" || kind.name === "calendars";
    const rules = declarations.some((one) => one.kind.name === "rules" && one.wanted !== undefined);
    if (own.length === 0 && !(named && rules)) continue;
    const there = await kind.read(
      ask,
      own.map(({ id }) => id),
    );
    for (const declaration of own) {
      const tried = await triedBeside(declaration, there.get(declaration.id), ask);
      const change = changeOf(declaration, there.get(declaration.id), tried);
      if (change !== undefined) changes.push({ ...change, declaration });
      else if (tried === forbidden) secrets.push(declaration);
    }
    const removed = own.filter((one) => one.wanted === undefined && !stays(one));
    const gone = new Set(removed.map(({ id }) => id));
    const put = own.filter(({ wanted }) => wanted !== undefined);
    const all = [...there.keys(), ...put.map(({ id }) => id)].filter((id) => !gone.has(id));
    known.set(kind.name, new Set(all));
  }
  const there = changes.filter(({ declaration }) => record.dropped.includes(declaration));
  const found = there.map(({ declaration }) => thingOf(declaration));
  return {
    changes: changes.filter(({ declaration }) => !stays(declaration)),
    secrets,
    problems: missingIn(declarations, known),
    left: prune ? [] : found,
    ...(declared.name !== undefined && { record: record.changeTo(found) }),
  };
}

/** Rejects with `NotApplied`: the rest is not applied. */
export async function applyPlan({ changes, secrets, record }: Plan, ask: Ask): Promise<void> {
  const declarations = [...changes.map(({ declaration }) => declaration), ...secrets];
  const order = (one: Declaration) => kinds.indexOf(one.kind);
  const inOrder = declarations.toSorted((a, b) => order(a) - order(b));
  await record?.before(ask);
  for (const phase of phases) {
    if (phase === putKeys) await record?.after(ask);
    for (const one of inOrder) if (phase(one)) await carryOut(one, ask);
  }
}

function putKeys({ kind, wanted }: Declaration): boolean {
  return wanted !== undefined && kind.name === "keys";
}

/**
 * The order of the changes. A rule that is changed may let go of a sink or a calendar that is removed. Keys come last, the caller's own
 * may be among them; and with the first one a caller without a key may do no more.
 */
const phases: readonly ((declaration: Declaration) => boolean)[] = [
  ({ kind, wanted }) => wanted === undefined && !removedLate.includes(kind.name),
  ({ kind, wanted }) => wanted !== undefined && kind.name !== "keys",
  ({ kind, wanted }) => wanted === undefined && removedLate.includes(kind.name),
  putKeys,
];

const removedLate: readonly DeclaredKind[] = ["sinks", "calendars", "keys"];

async function carryOut({ kind, id, wanted, place }: Declaration, ask: Ask): Promise<void> {
  try {
    if (wanted === undefined) await (kind.removeBy?.(ask, id) ?? ask(kind.remove, kind.removal(id)));
    else await ask(kind.put, wanted.input);
  } catch (cause) {
    throw new NotApplied(place([]), { cause });
  }
}

const forbidden = Symbol("forbidden");

/** See `Kind.tried`; `undefined` where there are no secrets to compare. Rejects with `NotApplied`: it cannot be put. */
async function triedBeside({ kind, wanted, place }: Declaration, there: unknown, ask: Ask): Promise<unknown> {
  if (wanted === undefined || there === undefined || !kind.hasSecrets?.(wanted.input)) return undefined;
  try {
    return await kind.tried?.(ask, wanted.input);
  } catch (cause) {
    if (cause instanceof Refused && cause.forbidden) return forbidden;
    throw new NotApplied(place([]), { cause });
  }
}

/** @param tried as of `triedBeside` */
function changeOf({ kind, id, wanted }: Declaration, there: unknown, tried: unknown): Change | undefined {
  const head = { kind: kind.name, id };
  if (wanted === undefined)
    return there === undefined ? undefined : { ...head, action: "remove", differences: [] };
  if (there === undefined) return { ...head, action: "create", differences: [] };
  const shown = tried === undefined || tried === forbidden ? wanted.shown : tried;
  const differences = differencesOf(plain(there), plain(shown));
  return differences.length === 0 ? undefined : { ...head, action: "change", differences };
}

/** As it is after a way over the wire. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function differencesOf(from: unknown, to: unknown): Difference[] {
  if (!isObject(from) || !isObject(to))
    return isDeepStrictEqual(from, to) ? [] : [differenceOf("", from, to)];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((field) => !isDeepStrictEqual(from[field], to[field]))
    .map((field) => differenceOf(field, from[field], to[field]));
}

function differenceOf(field: string, from: unknown, to: unknown): Difference {
  return {
    field,
    ...(from !== undefined && { from: cut(from) }),
    ...(to !== undefined && { to: cut(to) }),
  };
}

function cut(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax).toWellFormed()}…`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Rules that name what will not be there: Mars would refuse them, when others had been applied. */
function missingIn(
  declarations: readonly Declaration[],
  known: ReadonlyMap<DeclaredKind, ReadonlySet<string>>,
): string[] {
  return declarations.flatMap(({ kind, wanted, place }) => {
    if (kind.name !== "rules" || wanted === undefined) return [];
    const { sinks = [], schedule } = wanted.shown as {
      readonly sinks?: readonly string[];
      readonly schedule?: { readonly calendar?: string | null } | null;
    };
    const problems = sinks
      .filter((id) => !known.get("sinks")?.has(id))
      .map((id) => `${place(["sinks"])} names the sink ${id}, which is not there`);
    const calendar = schedule?.calendar;
    if (calendar && !known.get("calendars")?.has(calendar))
      problems.push(`${place(["schedule", "calendar"])} names the calendar ${calendar}, which is not there`);
    return problems;
  });
}
