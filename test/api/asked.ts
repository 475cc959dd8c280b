/** What an operation asks of a part, from its input; nothing else is there. */

import { expect } from "bun:test";
import type { Operation } from "../../src/api/operation.ts";
import type { ApiParts, ApiReader } from "../../src/api/parts.ts";
import { MarsError } from "../../src/core/error.ts";
import { callerNamed } from "../support/caller.ts";

const asked = new Error("asked");

/** The arguments with which the operation calls its reader. */
export async function askedOf(operation: Operation, input: unknown): Promise<readonly unknown[]> {
  let seen: readonly unknown[] | undefined;
  const method = (...given: unknown[]) => {
    seen = given;
    throw asked;
  };
  const progress = { storedSeq: 0, reached: async () => {} };
  const parts = {
    reader: () => new Proxy({} as ApiReader, { get: () => method }),
    progress,
    projected: progress,
  } as Partial<ApiParts> as ApiParts;
  const caller = { ...callerNamed(), protocol: "rest" } as const;
  await operation.run(parts, input, caller).catch((error) => {
    if (error !== asked) throw error;
  });
  return seen!;
}

/** The problems of an input that is refused before anything is asked. */
export async function problemsOf(operation: Operation, input: unknown): Promise<MarsError["problems"]> {
  const error = await askedOf(operation, input).then(
    () => expect.unreachable("it was taken"),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(MarsError);
  expect(error.code).toBe("invalid_argument");
  return error.problems;
}

export async function fieldsAtFault(operation: Operation, input: unknown): Promise<string[]> {
  return (await problemsOf(operation, input)).map(({ field }) => field);
}
