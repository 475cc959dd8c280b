import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { MessageHistory } from "../../src/learning/history.ts";
import { type Learned, learn } from "../../src/learning/learn.ts";
import { percentileOf, Sample } from "../../src/learning/sample.ts";
import { definitionToJson } from "../../src/lifecycle/definition.ts";
import { parseDefinition } from "../support/definition.ts";
import { epoch, generate, type KnownStage, type Traffic } from "./generate.ts";

const opening: KnownStage = { events: ["CREATED"], after: [], medianMs: 0 };

/** Each with what should complete it. */
const graphs: Readonly<Record<string, readonly [ends: readonly string[], ...stages: KnownStage[]]>> = {
  "the one that the issue shows": [
    ["FRONTEND"],
    opening,
    { events: ["BACKEND"], after: ["CREATED"], medianMs: 100 },
    { events: ["QUEUE"], after: ["BACKEND"], medianMs: 100, chance: 0.5 },
    { events: ["FRONTEND"], after: ["CREATED"], medianMs: 2_000 },
  ],
  "quick hops, whose order clocks may turn round": [
    ["F"],
    opening,
    { events: ["B"], after: ["CREATED"], medianMs: 4 },
    { events: ["C"], after: ["B"], medianMs: 6 },
    { events: ["D"], after: ["C"], medianMs: 5 },
    { events: ["E"], after: ["D"], medianMs: 900 },
    { events: ["F"], after: ["E"], medianMs: 8 },
  ],
  "a stage that must follow an optional one": [
    ["DONE"],
    opening,
    { events: ["RETRY"], after: ["CREATED"], medianMs: 300, chance: 0.1 },
    { events: ["RETRIED"], after: ["RETRY"], medianMs: 300 },
    { events: ["DONE"], after: ["CREATED"], medianMs: 2_000, sigma: 1 },
  ],
  "alternatives as the last": [
    ["PRINTED", "SENT"],
    opening,
    { events: ["ROUTED"], after: ["CREATED"], medianMs: 50 },
    { events: ["SENT", "PRINTED"], weights: [85, 15], after: ["ROUTED"], medianMs: 300 },
    { events: ["OPENED"], after: ["SENT"], medianMs: 4_000, chance: 0.6 },
  ],
  "alternatives that lead on by ways of their own, and meet": [
    ["DONE"],
    opening,
    { events: ["SMS", "PUSH"], weights: [6, 4], after: ["CREATED"], medianMs: 50 },
    { events: ["GATEWAY"], after: ["SMS"], medianMs: 30 },
    { events: ["DEVICE"], after: ["PUSH"], medianMs: 30 },
    { events: ["DONE"], after: ["GATEWAY", "DEVICE"], medianMs: 300 },
  ],
  "one event that ends a message where another leads on": [
    ["DONE"],
    opening,
    { events: ["TAKEN"], failures: { BOUNCED: 0.07 }, after: ["CREATED"], medianMs: 100 },
    { events: ["DONE"], after: ["TAKEN"], medianMs: 500 },
  ],
  "alternatives behind an optional stage": [
    ["DONE"],
    opening,
    { events: ["ASKED"], after: ["CREATED"], medianMs: 100, chance: 0.4 },
    { events: ["GRANTED", "DENIED"], after: ["ASKED"], medianMs: 100 },
    { events: ["DONE"], after: ["CREATED"], medianMs: 2_000 },
  ],
  "two kinds of messages": [
    ["PAID", "SHIPPED"],
    { events: ["ORDERED", "BILLED"], after: [], medianMs: 0 },
    { events: ["PACKED"], after: ["ORDERED"], medianMs: 100 },
    { events: ["SHIPPED"], after: ["PACKED"], medianMs: 500 },
    { events: ["REMINDED"], after: ["BILLED"], medianMs: 1_000 },
    { events: ["PAID"], after: ["REMINDED"], medianMs: 2_000 },
  ],
  "branches that join": [
    ["MERGED"],
    opening,
    { events: ["LEFT"], after: ["CREATED"], medianMs: 50 },
    { events: ["RIGHT"], after: ["CREATED"], medianMs: 60 },
    { events: ["MERGED"], after: ["LEFT", "RIGHT"], medianMs: 200, joins: true },
  ],
  "a stage that the quicker of two branches brings about": [
    ["ANSWERED"],
    opening,
    { events: ["LEFT"], after: ["CREATED"], medianMs: 50 },
    { events: ["RIGHT"], after: ["CREATED"], medianMs: 60 },
    { events: ["ANSWERED"], after: ["LEFT", "RIGHT"], medianMs: 400 },
  ],
};

const traffic = { lost: 0.01, noise: { PING: 0.01, DEBUG: 0.003, TRACE: 0.012 }, skewMs: 2, cutMs: 200 };

function learnFrom(histories: readonly MessageHistory[], until = lastOf(histories)): Promise<Learned> {
  const sample = new Sample();
  for (const history of histories) sample.add(history);
  return learn(sample, { until });
}

function lastOf(histories: readonly MessageHistory[]): number {
  return histories.reduce(
    (last, { events }) => events.reduce((at, event) => Math.max(at, event.at), last),
    0,
  );
}

function shapeOf(events: readonly string[], after: readonly string[], optional: boolean): string {
  return `${events.toSorted().join("|")} after ${after.toSorted().join("|")}${optional ? ", optional" : ""}`;
}

function known(stages: readonly KnownStage[]): string[] {
  return stages.map(({ events, after, chance = 1 }) => shapeOf(events, after, chance < 0.95)).sort();
}

function found({ stages }: Learned): string[] {
  return stages.map(({ events, after, occurs }) => shapeOf(events, after, occurs === "sometimes")).sort();
}

function failing(stages: readonly KnownStage[]): string[] {
  return stages.flatMap(({ failures = {} }) => Object.keys(failures)).sort();
}

describe("a graph is learned in spite of losses, noise and clocks that differ:", () => {
  for (const [name, [ends, ...stages]] of Object.entries(graphs)) {
    for (const seed of [11, 12]) {
      test(`${name} (seed ${seed})`, async () => {
        const { histories } = generate(stages, { ...traffic, seed, messages: 40_000 });
        const learned = await learnFrom(histories);
        expect(found(learned)).toEqual(known(stages));
        expect(learned.definition?.completeOn).toEqual([...ends]);
        expect(learned.definition?.failOn.toSorted()).toEqual(failing(stages));
        expect(parseDefinition(definitionToJson(learned.definition!))).toEqual(learned.definition!);
        expect(learned.leftOut.map(({ event }) => event).sort()).toEqual(["DEBUG", "PING", "TRACE"]);
      });
    }
  }
});

test("percentiles of a hundred thousand messages are those of all hops, within one percent", async () => {
  const [, ...stages] = graphs["the one that the issue shows"]!;
  const { histories, hops } = generate(stages, { ...traffic, seed: 21, messages: 100_000 });
  const learned = await learnFrom(histories);
  for (const { events, hop } of learned.stages) {
    if (hop === undefined) continue;
    const exact = hops.get(events.join("|"))!;
    for (const percent of [50, 95, 99] as const) {
      const off = Math.abs(hop[`p${percent}`] / percentileOf(exact, percent) - 1);
      expect({ events, percent, off: off < 0.01 || off }).toEqual({ events, percent, off: true });
    }
  }
});

const slow: readonly KnownStage[] = [
  opening,
  { events: ["SENT"], after: ["CREATED"], medianMs: 60_000 },
  { events: ["DONE"], after: ["SENT"], medianMs: 600_000 },
];

/** The way of most takes ten minutes and more; the window is half an hour and less. */
const underWay: readonly Partial<Traffic>[] = [{ messages: 36_000 }, { messages: 60_000, cutMs: 60_000 }];

for (const [index, some] of underWay.entries()) {
  test(`messages under way are no losses (${index + 1})`, async () => {
    const { histories } = generate(slow, {
      lost: 0.01,
      seed: 31,
      messages: 0,
      everyMs: 100,
      cutMs: 200,
      ...some,
    });
    const learned = await learnFrom(histories);
    expect(found(learned)).toEqual(known(slow));
    expect(learned.judged).toBeGreaterThanOrEqual(histories.length / 2 - 1);
    expect(learned.judged).toBeLessThan(histories.length);
  });
}

test("few messages give little confidence, many give much", async () => {
  const [, ...stages] = graphs["alternatives as the last"]!;
  const confidenceOf = async (messages: number) => {
    const { histories } = generate(stages, { seed: 41, messages });
    const { stages: learned } = await learnFrom(histories, epoch + 86_400_000_000);
    return Math.min(...learned.map(({ confidence }) => confidence));
  };
  expect(await confidenceOf(30)).toBeLessThan(0.93);
  expect(await confidenceOf(30_000)).toBeGreaterThan(0.99);
});

test("a proposed lifecycle can be put, for all messages", async () => {
  const history = fc.array(fc.tuple(fc.constantFrom(..."ABCDEFG"), fc.nat(40)), { maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(fc.array(history, { maxLength: 60 }), fc.nat(80), async (drafts, until) => {
      const histories = drafts.map((draft, index): MessageHistory => {
        const events = [...new Map(draft)].map(([event, at]) => ({ event, at, receivedAt: at }));
        return { messageId: `m${index}`, createdAt: 0, events };
      });
      const { definition, stages, messages, judged } = await learnFrom(histories, until);
      expect(judged).toBeLessThanOrEqual(messages);
      for (const { confidence } of stages) expect(confidence >= 0 && confidence <= 1).toBe(true);
      if (definition !== undefined) expect(parseDefinition(definitionToJson(definition))).toEqual(definition);
    }),
    { numRuns: 300 },
  );
});
