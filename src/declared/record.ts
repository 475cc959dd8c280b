/**
 * The record that Mars keeps of what a file with a name declares. What is on record and no longer in the file was once declared by it,
 * and no person has made it since: when it is gone otherwise the next application takes it off the record.
 */
import { getDeclared, putDeclared } from "../api/declared.ts";
import type { Declaration, Declared } from "./declaration.ts";
import type { Ask } from "./kind.ts";
import { kinds } from "./kinds.ts";

/** The record of before and after the changes: a thing is on it before it is put, and until it is removed. */
export interface RecordChange {
  before(ask: Ask): Promise<void>;
  after(ask: Ask): Promise<void>;
}

export interface DeclaredRecord {
  /** What the file has no more, to be removed. */
  readonly dropped: readonly Declaration[];
  /** @param found the things of `dropped` that are there */
  changeTo(found: readonly string[]): RecordChange;
}

/** `rules/stuck`. */
export function thingOf({ kind, id }: Pick<Declaration, "kind" | "id">): string {
  return `${kind.name}/${id}`;
}

/** Empty for a file without a name. Rejects as `ask` does. */
export async function readRecord({ declarations, name, prune }: Declared, ask: Ask): Promise<DeclaredRecord> {
  if (name === undefined) return { dropped: [], changeTo: () => ({ before: none, after: none }) };
  const known = ((await ask(getDeclared, { name }))?.things ?? []) as readonly string[];
  const inFile = new Set(declarations.map(thingOf));
  const wanted = declarations.filter((one) => one.wanted !== undefined).map(thingOf);
  const changed = (things: readonly string[], from: readonly string[]) =>
    same(things, from) ? none : async (ask: Ask) => void (await ask(putDeclared, { name, things }));
  return {
    dropped: known.filter((thing) => !inFile.has(thing)).flatMap(droppedThing),
    changeTo(found) {
      const before = [...wanted, ...found];
      const after = prune ? wanted : before;
      return { before: changed(before, known), after: changed(after, before) };
    },
  };
}

/** Nothing of a kind that only a later Mars knows. */
function droppedThing(thing: string): Declaration[] {
  const [name = "", ...rest] = thing.split("/");
  const kind = kinds.find((one) => one.name === name);
  const id = rest.join("/");
  return kind === undefined ? [] : [{ kind, id, place: () => `${name}.${id}, which is no longer declared,` }];
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}

async function none(): Promise<void> {
  // There is no record, or it does not change.
}
