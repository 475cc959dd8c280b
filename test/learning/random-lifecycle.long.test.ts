import { expect, test } from "bun:test";
import { learn } from "../../src/learning/learn.ts";
import { Sample } from "../../src/learning/sample.ts";
import { definitionToJson } from "../../src/lifecycle/definition.ts";
import { parseDefinition } from "../support/definition.ts";
import { generate } from "./generate.ts";
import { type Distance, distanceOf } from "./judge.ts";
import { randomLifecycle } from "./random-lifecycle.ts";

const messages = 8_000;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
/** When everything is due. */
const clock = Number.MAX_SAFE_INTEGER;

const distances: Distance[] = [];

for (const seed of seeds) {
  test(`a random lifecycle is learned well enough to judge other messages by it (seed ${seed})`, async () => {
    const { stages, definition, traffic } = randomLifecycle(seed);
    const { histories } = generate(stages, { ...traffic, seed: 1_000 + seed, messages });
    const sample = new Sample();
    for (const history of histories) sample.add(history);
    const until = Math.max(...histories.map(({ events }) => events.at(-1)!.at));
    const learned = await learn(sample, { until });
    expect(parseDefinition(definitionToJson(learned.definition!))).toEqual(learned.definition!);
    for (const { deadline } of learned.stages) expect(deadline?.raised ?? 0).toBeLessThanOrEqual(0.001);
    const others = generate(stages, {
      ...traffic,
      cutMs: Number.POSITIVE_INFINITY,
      seed: 2_000 + seed,
      messages,
    });
    const distance = distanceOf(learned.definition!, definition, others.histories, clock);
    distances.push(distance);
    expect(distance.failed.false).toBeLessThanOrEqual(0.001 * messages);
    expect(distance.overdue.false).toBeLessThanOrEqual(0.005 * messages);
    expect(distance.overdue.missed).toBeLessThanOrEqual(0.05 * distance.overdue.all + 5);
    expect(distance.failed.missed).toBeLessThanOrEqual(0.05 * distance.failed.all + 5);
  });
}

test("over all of them hardly anything is missed or false", () => {
  const sum = (of: (distance: Distance) => number) => distances.reduce((all, one) => all + of(one), 0);
  expect(sum(({ failed }) => failed.missed)).toBeLessThanOrEqual(0.01 * sum(({ failed }) => failed.all));
  expect(sum(({ overdue }) => overdue.missed)).toBeLessThanOrEqual(0.01 * sum(({ overdue }) => overdue.all));
  expect(sum(({ failed, overdue }) => failed.false + overdue.false)).toBeLessThanOrEqual(
    0.001 * seeds.length * messages,
  );
});
