import { expect, test } from "bun:test";
import * as z from "zod";
import { text, time, whole, word } from "../../src/api/fields.ts";
import { operation } from "../../src/api/operation.ts";
import type { ApiParts } from "../../src/api/parts.ts";
import type { MarsError } from "../../src/core/error.ts";
import { nowMicros } from "../../src/core/time.ts";
import { callerNamed } from "../support/caller.ts";

const tried = operation({
  name: "try",
  summary: "Answers with what it has read.",
  scope: "read",
  apps: "none",
  rest: "GET /try",
  rpc: "test/Try",
  command: "try",
  input: z.strictObject({
    name: text(4),
    count: whole(1, 9).optional(),
    kind: word(["late", "missing"]).default("late"),
    at: time().optional(),
    parts: z.array(z.strictObject({ name: text(4) })).optional(),
  }),
  output: z.unknown(),
  handle: (_, input) => input,
});

const caller = callerNamed();
const run = (input: unknown) => tried.run({} as ApiParts, input, caller);
const refusal = (input: unknown): Promise<MarsError> =>
  run(input).then(
    () => expect.unreachable("it was taken"),
    (error) => error,
  );

test("an operation reads its input by its schema, digits as numbers, and fills in what is absent", async () => {
  expect(await run({ name: "a", count: "7", at: "1970-01-01T00:00:01Z" })).toEqual({
    name: "a",
    count: 7,
    kind: "late",
    at: 1_000_000,
  });
  const { at } = (await run({ name: "a", at: "1h" })) as { at: number };
  // A second is more than this takes.
  expect(Math.abs(at + 3_600_000_000 - nowMicros())).toBeLessThan(1_000_000);
});

test("all that is wrong with an input is in one error, by place", async () => {
  const input = { name: "abcde", count: "0x1", kind: "gone", at: "then", parts: [{ name: "" }, {}, 7] };
  const { code, message, problems } = await refusal(input);
  expect(code).toBe("invalid_argument");
  expect(message).toBe("name must be at most 4 bytes, has 5; 6 more problems");
  expect(problems).toEqual([
    { field: "name", message: "must be at most 4 bytes, has 5" },
    { field: "count", message: "must be a whole number from 1 to 9" },
    { field: "kind", message: "must be one of late, missing" },
    {
      field: "at",
      message: "must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00.123456Z",
    },
    { field: "parts[0].name", message: "must not be empty" },
    { field: "parts[1].name", message: "is required" },
    { field: "parts[2]", message: "must be a JSON object" },
  ]);
});

test("a name that is not known is refused with the nearest that is, wherever it stands", async () => {
  const { problems } = await refusal({ name: "a", cuont: 1, parts: [{ name: "a", nme: "b", other: 1 }] });
  expect(problems).toEqual([
    { field: "parts[0].nme", message: "is not known: did you mean name?" },
    { field: "parts[0].other", message: "is not known: known are name" },
    { field: "cuont", message: "is not known: did you mean count?" },
  ]);
});

test("what is no object at all is refused", async () => {
  for (const input of [undefined, null, [], "name", 7]) {
    expect((await refusal(input)).problems).toEqual([{ field: "", message: "must be a JSON object" }]);
  }
});
