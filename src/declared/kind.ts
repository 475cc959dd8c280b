/** One kind of thing that a file declares, over the operations that clients have: how it is read, compared, put and removed. */
import type { Operation } from "../api/operation.ts";
import type { DeclaredKind } from "../config/config-file.ts";

export type Json = Readonly<Record<string, unknown>>;

/**
 * Calls an operation of a Mars: over REST, or inside of it. Resolves to its answer, or to `undefined` where the thing is not there.
 * Rejects with what the caller may be shown, over REST with `Refused`.
 */
export type Ask = (operation: Operation, input: Json) => Promise<Json | undefined>;

export interface Kind {
  readonly name: DeclaredKind;
  readonly put: Operation;
  readonly remove: Operation;
  /** The input that puts the thing, from its value in the file. */
  input(id: string, value: unknown): Json;
  /** The beginning of the names of fields in problems of that input which the file does not have. */
  readonly inputField?: string;
  /** The input that removes it. */
  removal(id: string): Json;
  /** Instead of `removal`, where Mars does not know the thing by the file's id. */
  removeBy?(ask: Ask, id: string): Promise<void>;
  /** Whether it is over by itself: it must not be there then. */
  ended?(value: unknown): boolean;
  /** The thing as Mars will show it, from an input that its schema has taken. */
  shown(input: unknown): unknown;
  /** Those of these ids that there are, as Mars shows them. */
  read(ask: Ask, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  /** Whether Mars may hold another secret than the input, which is not seen in what it shows. */
  hasSecrets?(input: Json): boolean;
  /** The thing as Mars would show it beside the one that is there: a secret that would be another is `(changed)`. */
  tried?(ask: Ask, input: Json): Promise<unknown>;
}

/** Mars, or what has to go before it, refuses a call. */
export class Refused extends Error {
  /** @param forbidden whether the caller lacks the rights */
  constructor(
    readonly sentences: readonly string[],
    readonly forbidden = false,
  ) {
    super(sentences.join("; "));
  }
}

/** The output of an operation's schema. */
export type Parsed<Of extends { readonly input: { readonly _output: unknown } }> = Of["input"]["_output"];

/** All pages of a list, by their ids. @param id the member that has it @param wanted which are read; all by default */
export async function readList(
  ask: Ask,
  list: Operation,
  member: string,
  id = "id",
  wanted: (one: Json) => boolean = () => true,
): Promise<Map<string, Json>> {
  const found = new Map<string, Json>();
  let cursor: unknown;
  do {
    const page = (await ask(list, cursor === undefined ? {} : { cursor })) ?? {};
    for (const one of page[member] as readonly Json[]) if (wanted(one)) found.set(String(one[id]), one);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** Each asked for by itself. */
export async function readEach(
  ids: readonly string[],
  read: (id: string) => Promise<unknown>,
): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const id of ids) {
    const one = await read(id);
    if (one !== undefined) found.set(id, one);
  }
  return found;
}
