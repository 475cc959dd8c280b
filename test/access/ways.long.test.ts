/** Events, streams, sockets, the page and health: each way in by each caller, compared with a naive rule. See `matrix.test.ts`. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey } from "./doors.ts";
import { codeByScope, denied, hasOwn, type MatrixCaller, makeCallers, ok } from "./matrix-callers.ts";
import { type Way, ways } from "./ways.ts";

let mars: TestMars;
let callers: readonly MatrixCaller[];
let asserted = 0;

beforeAll(async () => {
  mars = await startMars({ adminKey });
  callers = await makeCallers(mars);
});
afterAll(async () => {
  process.stderr.write(`ways: ${asserted} answers compared\n`);
  await mars[Symbol.asyncDispose]();
});

function expected({ scope, of }: Way, caller: MatrixCaller): number {
  if (scope === undefined) return ok;
  const byScope = codeByScope(caller, scope);
  if (byScope !== undefined) return byScope;
  if (of === "any" || (of === "own" && hasOwn(caller))) return ok;
  return caller.apps === "all" ? ok : denied;
}

test.each(ways.map((way) => [way.name, way] as const))(
  "%s is for who may",
  async (_, way) => {
    const wrong: unknown[] = [];
    for (const caller of callers) {
      const code = expected(way, caller);
      const seen = await way.call(mars, caller.token);
      if (seen !== code) wrong.push({ caller: caller.name, expected: code, seen });
      asserted += 1;
    }
    expect(wrong).toEqual([]);
  },
  20_000,
);
