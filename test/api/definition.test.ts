import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MarsError } from "../../src/core/error.ts";
import { definitionToJson } from "../../src/lifecycle/definition.ts";
import { anyOwedDefinition } from "../lifecycle/definitions.ts";
import { parseDefinition } from "../support/definition.ts";

test("a definition reads as it was written", () => {
  expect(
    parseDefinition({
      stages: [
        { event: "CREATED" },
        { event: "BACKEND", after: "CREATED", within: "2s" },
        { event: "QUEUED", after: "BACKEND", within: "1s", optional: true },
        { any_of: ["SMS", "PUSH"], after: ["BACKEND", "QUEUED"], within: "30d" },
        { event: "SEEN" },
      ],
      complete_on: ["SMS", "PUSH"],
      fail_on: ["BOUNCED"],
    }),
  ).toEqual({
    stages: [
      { events: ["CREATED"], after: [], optional: false },
      { events: ["BACKEND"], after: ["CREATED"], withinMs: 2_000, optional: false },
      { events: ["QUEUED"], after: ["BACKEND"], withinMs: 1_000, optional: true },
      { events: ["SMS", "PUSH"], after: ["BACKEND", "QUEUED"], withinMs: 30 * 86_400_000, optional: false },
      { events: ["SEEN"], after: ["CREATED"], optional: false },
    ],
    completeOn: ["SMS", "PUSH"],
    failOn: ["BOUNCED"],
    graceMs: 500,
  });
});

test("a stage that several owe reads as it was written", () => {
  const each = { of: "recipients", by: "client id" };
  const { stages } = parseDefinition({
    stages: [{ event: "SENT" }, { event: "ACKED", each }, { event: "SEEN", times: 3 }],
    complete_on: ["ACKED"],
  });
  expect(stages.slice(1)).toEqual([
    { events: ["ACKED"], after: ["SENT"], optional: false, each },
    { events: ["SEEN"], after: ["SENT"], optional: false, times: 3 },
  ]);
});

test("what makes a message run again and recover reads as it was written", () => {
  const definition = { ...whole, fail_on: ["X"], recovers: true, reopen_on: ["A", "R"] };
  expect(parseDefinition(definition)).toMatchObject({ recovers: true, reopenOn: ["A", "R"] });
  expect(definitionToJson(parseDefinition(definition))).toMatchObject({
    recovers: true,
    reopen_on: ["A", "R"],
  });
  expect(parseDefinition({ ...whole, recovers: false })).not.toHaveProperty("recovers");
});

test("a stage of another app reads as it was written, and is called by both", () => {
  const written = {
    stages: [
      { event: "ORDERED" },
      { app: "payments", event: "CAPTURED", after: "ORDERED", within: "5m" },
      { app: "stock", any_of: ["PICKED", "PACKED"], after: ["ORDERED", "payments/CAPTURED"] },
    ],
    complete_on: ["stock/PACKED"],
    fail_on: ["payments/CAPTURED"],
    grace: "500ms",
    journey_by: "message_id" as const,
  };
  const read = parseDefinition(written);
  expect(definitionToJson(read)).toEqual(written);
  expect(read.stages.slice(1).map(({ app, events }) => [app, events])).toEqual([
    ["payments", ["payments/CAPTURED"]],
    ["stock", ["stock/PICKED", "stock/PACKED"]],
  ]);
});

test("the stage of a message's children reads as it was written", () => {
  const stages = [{ event: "SENT" }, { children: "complete", after: "SENT", within: "1h", count: "size" }];
  const written = { stages, complete_on: ["children"], grace: "0s" };
  const read = parseDefinition(written);
  expect(definitionToJson(read) as object).toEqual(written);
  expect(read.stages[1]).toMatchObject({ events: ["children"], children: { count: "size" } });
});

test("any definition is the same once it has been written and read again", () => {
  fc.assert(
    fc.property(anyOwedDefinition, (definition) => {
      expect(parseDefinition(JSON.parse(JSON.stringify(definitionToJson(definition))))).toEqual(definition);
    }),
  );
});

const first = { event: "A" };
const whole = { stages: [first, { event: "B" }], complete_on: ["B"] };
const stage = (fields: object) => ({ ...whole, stages: [first, { event: "B" }, fields] });

const refused: Readonly<Record<string, readonly [value: unknown, field: string, message: RegExp]>> = {
  nothing: [null, "", /JSON object/],
  "a list": [[], "", /JSON object/],
  "a text": ["stages", "", /JSON object/],
  "no stages": [{ complete_on: ["A"] }, "stages", /1 to 50/],
  "too many stages": [
    { ...whole, stages: Array.from({ length: 51 }, (_, n) => ({ event: `E${n}` })) },
    "stages",
    /1 to 50/,
  ],
  "a stage that is no object": [{ ...whole, stages: [first, "B"] }, "stages[1]", /JSON object/],
  "an unknown field": [{ ...whole, graze: "1s" }, "graze", /did you mean grace/],
  "an unknown field of a stage": [
    stage({ event: "C", optinal: true }),
    "stages[2].optinal",
    /did you mean optional/,
  ],
  "a stage without an event": [stage({ after: "A" }), "stages[2]", /either event or any_of/],
  "a stage with event and any_of": [stage({ event: "C", any_of: ["D"] }), "stages[2]", /either/],
  "an empty name": [stage({ event: "" }), "stages[2].event", /not empty/],
  "a name that is a number": [stage({ event: 7 }), "stages[2].event", /texts/],
  "a name that is too long": [stage({ event: "x".repeat(257) }), "stages[2].event", /256/],
  "no alternatives": [stage({ any_of: [] }), "stages[2].any_of", /1 to 20/],
  "too many alternatives": [
    stage({ any_of: Array.from({ length: 21 }, (_, n) => `E${n}`) }),
    "stages[2].any_of",
    /1 to 20/,
  ],
  "an alternative twice": [stage({ any_of: ["C", "C"] }), "stages[2].any_of", /C once/],
  "an event of two stages": [stage({ event: "A" }), "stages[2]", /A: it belongs to stages\[0\]/],
  "after what is no stage": [stage({ event: "C", after: "D" }), "stages[2].after", /D is none/],
  "after itself": [stage({ event: "C", after: "C" }), "stages[2].after", /circle: C after C/],
  "a circle": [
    {
      ...whole,
      stages: [first, { event: "B", after: "D" }, { event: "C", after: "B" }, { event: "D", after: "C" }],
    },
    "stages[1].after",
    /circle: B after D after C after B/,
  ],
  "a duration without a unit": [stage({ event: "C", within: "5" }), "stages[2].within", /1ms to 30d/],
  "a duration that is a number": [stage({ event: "C", within: 5 }), "stages[2].within", /1ms to 30d/],
  "a fraction": [stage({ event: "C", within: "1.5s" }), "stages[2].within", /whole number/],
  "no time at all": [stage({ event: "C", within: "0ms" }), "stages[2].within", /1ms to 30d/],
  "too long a time": [stage({ event: "C", within: "31d" }), "stages[2].within", /1ms to 30d/],
  "too long a grace": [{ ...whole, grace: "31d" }, "grace", /30d/],
  "optional that is a text": [stage({ event: "C", optional: "no" }), "stages[2].optional", /true or false/],
  "a first stage after something": [
    { ...whole, stages: [{ event: "A", after: "B" }, { event: "B" }] },
    "stages[0].after",
    /opens/,
  ],
  "a first stage in time": [
    { ...whole, stages: [{ event: "A", within: "1s" }, { event: "B" }] },
    "stages[0].within",
    /opens/,
  ],
  "a first stage that is optional": [
    { ...whole, stages: [{ event: "A", optional: true }, { event: "B" }] },
    "stages[0].optional",
    /opens/,
  ],
  "a first stage that several owe": [
    { ...whole, stages: [{ event: "A", times: 2 }, { event: "B" }] },
    "stages[0].times",
    /opens/,
  ],
  "alternatives that several owe": [
    stage({ any_of: ["C", "D"], times: 2 }),
    "stages[2].times",
    /alternatives/,
  ],
  "two stages of children": [
    { ...whole, stages: [first, { children: "complete" }, { event: "B" }, { children: "complete" }] },
    "stages[3]",
    /children: it belongs to stages\[1\]/,
  ],
  "children and an event": [stage({ children: "complete", event: "C" }), "stages[2]", /either/],
  "a count without children": [stage({ event: "C", count: "size" }), "stages[2].count", /without children/],
  "children where several owe another stage": [
    { ...whole, stages: [first, { event: "B", times: 2 }, { children: "complete" }] },
    "stages[2].children",
    /several owe/,
  ],
  "another run, with stages of another app": [
    { ...whole, stages: [first, { event: "B" }, { app: "pay", event: "C" }], reopen_on: ["A"] },
    "reopen_on",
    /other apps/,
  ],
  "an app on the first stage": [
    { stages: [{ app: "pay", event: "A" }], complete_on: ["pay/A"] },
    "stages[0].app",
    /opens a message/,
  ],
  "an own event called like another app's": [
    { ...whole, stages: [first, { event: "pay/B" }, { app: "pay", event: "B" }] },
    "stages[2]",
    /belongs to stages\[1\]/,
  ],
  "another app's event by its own name": [
    { ...whole, stages: [first, { app: "pay", event: "B" }] },
    "complete_on[0]",
    /B is none/,
  ],
  "times of another app": [stage({ app: "pay", event: "C", times: 2 }), "stages[2].times", /another app/],
  "each after another app": [
    {
      stages: [first, { app: "pay", event: "B" }, { event: "C", after: "pay/B", each: { of: "a", by: "b" } }],
      complete_on: ["C"],
    },
    "stages[2].each",
    /another app/,
  ],
  "each and times": [stage({ event: "C", times: 2, each: { of: "a", by: "b" } }), "stages[2].each", /times/],
  "each without a name": [stage({ event: "C", each: { of: "a" } }), "stages[2].each.by", /attribute/],
  "each with more": [stage({ event: "C", each: { of: "a", by: "b", bye: 1 } }), "stages[2].each.bye", /by/],
  "an attribute with quotes": [
    stage({ event: "C", each: { of: 'a"', by: "b" } }),
    "stages[2].each.of",
    /quotes/,
  ],
  "an attribute that is too long": [
    stage({ event: "C", each: { of: "a", by: "b".repeat(257) } }),
    "stages[2].each.by",
    /256/,
  ],
  "a single time": [stage({ event: "C", times: 1 }), "stages[2].times", /2 to 1000/],
  "too many times": [stage({ event: "C", times: 1_001 }), "stages[2].times", /2 to 1000/],
  "too many stages that several owe": [
    { ...whole, stages: [first, ...Array.from({ length: 11 }, (_, n) => ({ event: `E${n}`, times: 2 }))] },
    "stages[11].times",
    /10 stages/,
  ],
  "failure by what several owe": [
    { ...stage({ event: "C", times: 2 }), fail_on: ["X", "C"] },
    "fail_on[1]",
    /C, which several owe/,
  ],
  "no way to complete": [{ stages: [first] }, "complete_on", /1 to 20/],
  "nothing to complete on": [{ ...whole, complete_on: [] }, "complete_on", /1 to 20/],
  "completion by what is no stage": [{ ...whole, complete_on: ["B", "C"] }, "complete_on[1]", /C is none/],
  "failure by what completes": [{ ...whole, fail_on: ["X", "B"] }, "fail_on[1]", /B, which completes/],
  "failure by what no stage of another app names": [
    { ...whole, stages: [...whole.stages, { app: "pay", event: "C" }], fail_on: ["X", "pay/D"] },
    "fail_on[1]",
    /a stage of pay; D is none/,
  ],
  "recovery where nothing fails": [{ ...whole, recovers: true }, "recovers", /without fail_on/],
  "giving up where nothing is overdue": [{ ...whole, give_up: "3d" }, "give_up", /nothing is overdue/],
  "giving up what is optional": [
    { ...stage({ event: "C", within: "1s", optional: true }), give_up: "3d" },
    "give_up",
    /nothing is overdue/,
  ],
  "failure by what opens": [{ ...whole, fail_on: ["A"] }, "fail_on", /opens/],
  "reopening by what completes": [{ ...whole, reopen_on: ["R", "B"] }, "reopen_on[1]", /B, which completes/],
  "reopening by what fails": [
    { ...whole, fail_on: ["X"], reopen_on: ["X"] },
    "reopen_on[0]",
    /X, which fails/,
  ],
  "reopening by what several owe": [
    { ...stage({ event: "C", times: 2 }), reopen_on: ["C"] },
    "reopen_on[0]",
    /C, which several owe/,
  ],
  "reopening by nothing": [{ ...whole, reopen_on: [] }, "reopen_on", /1 to 20/],
  "reopening by one event twice": [{ ...whole, reopen_on: ["R", "R"] }, "reopen_on", /once/],
  "recovery that is a text": [{ ...whole, recovers: "yes" }, "recovers", /true or false/],
  "fail_on that is a text": [{ ...whole, fail_on: "X" }, "fail_on", /1 to 20/],
};

describe("a definition that cannot be is refused with the place named:", () => {
  for (const [what, [value, field, message]] of Object.entries(refused)) {
    test(what, () => {
      const thrown = problemOf(value);
      expect(thrown.code).toBe("invalid_argument");
      expect(thrown.problems).toContainEqual({ field, message: expect.stringMatching(message) });
      expect(thrown.message).toStartWith(field === "" ? "the body" : thrown.problems[0]!.field);
    });
  }

  test("every place at once", () => {
    const { problems } = problemOf({ stages: [{ event: "" }, { within: "x" }], grace: "y" });
    const fields = ["complete_on", "grace", "stages[0].event", "stages[1]", "stages[1].within"];
    expect(problems.map(({ field }) => field).sort()).toEqual(fields);
  });
});

test("any JSON at all is read or refused by its fields, never a surprise", () => {
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom("A", "B", "1s", true, ["A"], { event: "A" }));
  const names = [
    "stages",
    "event",
    "any_of",
    "after",
    "within",
    "optional",
    "each",
    "times",
    "complete_on",
    "fail_on",
    "grace",
  ];
  const object = fc.dictionary(fc.constantFrom(...names), part);
  const value = fc.oneof(part, object, fc.record({ stages: fc.array(object), complete_on: part }));
  fc.assert(
    fc.property(value, (json) => {
      try {
        parseDefinition(json);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(MarsError);
        expect((thrown as MarsError).problems.length).toBeGreaterThan(0);
      }
    }),
  );
});

function problemOf(value: unknown): MarsError {
  try {
    parseDefinition(value);
  } catch (thrown) {
    if (thrown instanceof MarsError) return thrown;
    throw thrown;
  }
  throw new Error("it was not refused");
}
