/**
 * Who may do what: the table of operations × doors × callers, each answer compared with a naive rule. A new operation needs a row in
 * `matrix-inputs.ts`, and is tested with it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { shapeOf } from "../../src/api/schema.ts";
import { type Call, doors, type Json } from "../api/doors.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey } from "./doors.ts";
import {
  codeByScope,
  denied,
  hasOwn,
  type MatrixCaller,
  makeCallers,
  notFound,
  ok,
  ownApp,
  patterns,
  unknown,
} from "./matrix-callers.ts";
import { fill, type Row, rows } from "./matrix-inputs.ts";

let mars: TestMars;
let callers: readonly MatrixCaller[];
const calls = new Map<string, Call>();
let asserted = 0;

beforeAll(async () => {
  mars = await startMars({ adminKey, alertAllow: ["127.0.0.1"] });
  await fill(mars);
  callers = await makeCallers(mars);
  for (const { name, open } of doors) calls.set(name, open(mars));
});
afterAll(async () => {
  process.stderr.write(`matrix: ${asserted} answers of operations compared\n`);
  await mars[Symbol.asyncDispose]();
});

/** The rule of the contract. */
function expected({ scope, apps }: Operation, row: Row, caller: MatrixCaller, input: Json): number {
  const byScope = codeByScope(caller, scope);
  if (byScope !== undefined) return byScope;
  const foreign = scope === "read" ? notFound : denied;
  switch (apps) {
    case "none":
      return ok;
    case "all":
      return caller.apps === "all" ? ok : denied;
    case "named":
      return hasOwn(caller) ? ok : foreign;
    case "narrowed":
      return input.app_id === undefined || hasOwn(caller) ? ok : foreign;
    case "own":
      return row.own?.(caller) ?? ok;
  }
}

test("every operation has a row, and every row an operation", () => {
  expect(Object.keys(rows).sort()).toEqual(operations.map(({ name }) => name).sort());
  for (const { name, apps } of operations) {
    expect([name, rows[name]?.own !== undefined]).toEqual([name, apps === "own"]);
  }
});

test("the table is plausible: what names an app is limited to it, and what changes something needs more than to read", () => {
  for (const { name, apps, input } of operations) {
    if ("app_id" in shapeOf(input)) expect([name, apps]).not.toEqual([name, "none"]);
  }
  const changes = operations.filter(({ rest, scope }) => !rest.startsWith("GET") && scope === "read");
  // They change nothing of what Mars has stored of others.
  expect(changes.map(({ name }) => name).sort()).toEqual([
    "createTicket",
    "dryRunLifecycle",
    "endSession",
    "previewAlertRule",
    "trySource",
  ]);
  expect(operations.filter(({ scope }) => scope === "ingest")).toEqual([]);
});

describe.each(doors.map(({ name }) => name))("over %s", (door) => {
  test.each(operations.map((operation) => [operation.name, operation] as const))(
    "%s answers each caller by its rights",
    async (name, operation) => {
      const [row, open] = [rows[name]!, calls.get(door)!];
      let input: Json | undefined;
      const wrong: unknown[] = [];
      for (const caller of callers) {
        input ??= await row.input(mars);
        const code = expected(operation, row, caller, input);
        const outcome = await open(operation, input, { token: caller.token });
        const seen = "answer" in outcome ? ok : outcome.code;
        // What is gone, or never was, is not found by who may look for it: where this says something else than that it is denied.
        const good = seen === code || (code === ok && seen === notFound && !mayMean(operation, row));
        if (!good) wrong.push({ caller: caller.name, expected: code, outcome });
        // It may be used up.
        if (code === ok) input = undefined;
        asserted += 1;
      }
      expect(wrong).toEqual([]);
    },
    20_000,
  );

  test("no refusal says whether something is there", async () => {
    const open = calls.get(door)!;
    for (const operation of operations) {
      const row = rows[operation.name]!;
      if (row.missing === undefined) continue;
      const input = await row.input(mars);
      for (const caller of callers) {
        if (expected(operation, row, caller, input) === ok) continue;
        const texts: unknown[] = [];
        for (const one of [input, row.missing]) {
          const onRefused = (text: string) => texts.push(withoutTexts(text, one));
          texts.push(await open(operation, one, { token: caller.token, onRefused }));
        }
        expect([operation.name, caller.name, ...texts.slice(0, 2)]).toEqual([
          operation.name,
          caller.name,
          ...texts.slice(2),
        ]);
        asserted += 2;
      }
    }
  });
});

/** A refusal without its id and what its caller has sent. */
function withoutTexts(text: string, input: Json): string {
  const sent = Object.values(input).filter((value) => typeof value === "string");
  return sent.reduce((left, one) => left.replaceAll(one, "…"), text.replace(/"request_id":"[^"]*"/, ""));
}

/** Whether the answer to a denied caller is that there is nothing. */
function mayMean(operation: Operation, row: Row): boolean {
  return callers.some((caller) => expected(operation, row, caller, { app_id: "x" }) === notFound);
}

test("a list without an app answers every caller with its scope, and names the apps of those that have some", async () => {
  for (const operation of operations.filter(({ apps }) => apps === "narrowed")) {
    for (const [door, open] of calls) {
      for (const caller of callers) {
        const outcome = await open(operation, {}, { token: caller.token });
        const code = codeByScope(caller, operation.scope) ?? ok;
        expect([operation.name, door, caller.name, "answer" in outcome ? ok : outcome.code]).toEqual([
          operation.name,
          door,
          caller.name,
          code,
        ]);
        if ("answer" in outcome && door === "REST") {
          const apps = caller.apps === "own" || caller.apps === "other" ? patterns[caller.apps] : undefined;
          expect([operation.name, outcome.answer.apps]).toEqual([operation.name, apps]);
        }
        asserted += 1;
      }
    }
  }
});

test("the matrix has every kind of answer", () => {
  const codes = new Set(
    operations.flatMap((operation) =>
      callers.map((caller) => expected(operation, rows[operation.name]!, caller, { app_id: ownApp })),
    ),
  );
  expect([...codes].sort((a, b) => a - b)).toEqual([ok, notFound, denied, unknown]);
});
