import { expect, test } from "bun:test";
import {
  type Definition,
  fieldsOf,
  parse,
  textOf,
  withoutStage,
  withStage,
} from "../../../../src/ui/screens/lifecycle/definition-text.ts";

const definition: Definition = {
  stages: [
    { event: "CREATED" },
    { event: "PAID", after: "CREATED", within: "5m", times: 2 },
    { any_of: ["SENT", "PICKED_UP"], after: ["PAID"], within: "1d", optional: true },
  ],
  complete_on: ["PAID"],
  grace: "1s",
};

test("a definition is the same after its text was read, with names of any letters", () => {
  const odd = { ...definition, stages: [{ event: 'a:"b",[c] {d}\n e' }, ...definition.stages] };
  expect(parse(textOf(odd))).toEqual(odd);
  expect(textOf(odd).split("\n")).toHaveLength(odd.stages.length + 6);
});

test("a form that changes nothing changes nothing", () => {
  for (const index of definition.stages.keys()) {
    const after = withStage(definition, index, fieldsOf(definition, index));
    expect(after.complete_on).toEqual(definition.complete_on);
    expect(after.stages[index]).toEqual({
      ...definition.stages[index]!,
      ...(index === 2 && { after: "PAID" }),
    });
  }
});

test("a name that changes does so where stages come after it, and where messages are complete", () => {
  const changed = withStage(definition, 1, { ...fieldsOf(definition, 1), names: ["CHARGED"] });
  expect(changed.stages[1]).toEqual({ event: "CHARGED", after: "CREATED", within: "5m", times: 2 });
  expect(changed.stages[2]!.after).toBe("CHARGED");
  expect(changed.complete_on).toEqual(["CHARGED"]);
});

test("a new stage comes after the last one, and what came after a stage that goes comes after the one before", () => {
  expect(fieldsOf(definition, 3).after).toEqual(["SENT", "PICKED_UP"]);
  const gone = withoutStage(definition, 1);
  expect(gone.stages[1]!.after).toBe("CREATED");
  expect(gone.complete_on).toEqual([]);
  expect(withoutStage(definition, 0).stages[0]).toEqual({ event: "PAID", times: 2 });
});
