import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Stage } from "../../src/lifecycle/definition.ts";
import { stageOrder } from "../../src/lifecycle/stage-order.ts";
import { anyDefinition } from "./definitions.ts";

function comesAfter(stage: Stage, before: Stage): boolean {
  return stage.after.some((event) => before.events.includes(event));
}

test("each stage comes behind all that it may come after", () => {
  fc.assert(
    fc.property(anyDefinition, ({ stages }) => {
      const { order, cycle } = stageOrder(stages);
      expect(cycle).toEqual([]);
      expect(order.toSorted((a, b) => a - b)).toEqual([...stages.keys()]);
      for (const [place, index] of order.entries()) {
        for (const later of order.slice(place))
          expect(comesAfter(stages[index]!, stages[later]!)).toBe(false);
      }
    }),
  );
});

test("a circle is found where there is one, and is one", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(5), { maxLength: 3 }), { minLength: 1, maxLength: 6 }), (afters) => {
      const stages = afters.map((after, index): Stage => {
        const known = [...new Set(after.filter((other) => other < afters.length))];
        return { events: [`E${index}`], after: known.map((other) => `E${other}`), optional: false };
      });
      const { cycle } = stageOrder(stages);
      // Taken away again and again what comes after nothing that is left, only circles and what hangs on them are left.
      let left = stages;
      for (let before = -1; before !== left.length; ) {
        before = left.length;
        const all = left;
        left = all.filter((stage) => all.some((other) => comesAfter(stage, other)));
      }
      expect(cycle.length > 0).toBe(left.length > 0);
      for (const [place, index] of cycle.entries()) {
        expect(comesAfter(stages[index]!, stages[cycle[(place + 1) % cycle.length]!]!)).toBe(true);
      }
    }),
  );
});
