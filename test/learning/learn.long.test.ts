import { describe, expect, test } from "bun:test";
import type { MessageHistory } from "../../src/learning/history.ts";
import { learn } from "../../src/learning/learn.ts";
import { percentileOf, Sample } from "../../src/learning/sample.ts";
import { definitionToJson } from "../../src/lifecycle/definition.ts";
import { parseDefinition } from "../support/definition.ts";
import { mulberry32 } from "../support/random.ts";

const second = 1_000_000;

/** A stage of a known graph: how long after which other one it comes, and how often. */
interface Known {
  readonly name: string | readonly string[];
  readonly after?: string;
  /** The median of a log-normal delay, in seconds. */
  readonly median?: number;
  readonly share?: number;
}

const graphs: Readonly<Record<string, readonly Known[]>> = {
  "a chain": [
    { name: "CREATED" },
    { name: "ACCEPTED", after: "CREATED", median: 0.05 },
    { name: "QUEUED", after: "ACCEPTED", median: 1 },
    { name: "SENT", after: "QUEUED", median: 20 },
    { name: "DELIVERED", after: "SENT", median: 120 },
  ],
  "a chain with optional stages": [
    { name: "CREATED" },
    { name: "SCANNED", after: "CREATED", median: 0.5, share: 0.3 },
    { name: "ACCEPTED", after: "CREATED", median: 2 },
    { name: "RETRIED", after: "ACCEPTED", median: 3, share: 0.1 },
    { name: "DELIVERED", after: "ACCEPTED", median: 30 },
  ],
  "alternatives, and what comes after them": [
    { name: "CREATED" },
    { name: ["SENT_SMS", "SENT_PUSH", "SENT_MAIL"], after: "CREATED", median: 4 },
    { name: "SEEN", after: "SENT_SMS|SENT_PUSH|SENT_MAIL", median: 60 },
  ],
  "branches side by side": [
    { name: "ORDERED" },
    { name: "PAID", after: "ORDERED", median: 5 },
    { name: "PACKED", after: "ORDERED", median: 90 },
    { name: "SHIPPED", after: "PACKED", median: 600 },
    { name: "INVOICED", after: "PAID", median: 60, share: 0.5 },
  ],
};

const nameOf = ({ name }: Known) => (typeof name === "string" ? name : name.join("|"));

function generate(graph: readonly Known[], messages: number, seed: number) {
  const next = mulberry32(seed);
  const normal = () => Math.sqrt(-2 * Math.log(next() || 1e-9)) * Math.cos(2 * Math.PI * next());
  const hops = new Map<string, number[]>(graph.map((stage) => [nameOf(stage), []]));
  const histories: MessageHistory[] = [];
  const start = 1_700_000_000 * second;
  const length = 86_400 * second;
  for (let n = 0; n < messages; n++) {
    const opened = start + Math.floor((n / messages) * length);
    const at = new Map<string, number>();
    const events: { event: string; at: number; receivedAt: number }[] = [];
    for (const stage of graph) {
      const from = stage.after === undefined ? opened : at.get(stage.after);
      if (from === undefined || next() >= (stage.share ?? 1)) continue;
      const delay =
        stage.median === undefined ? 0 : Math.round(stage.median * Math.exp(0.5 * normal()) * second);
      at.set(nameOf(stage), from + delay);
      // One in a hundred is lost; clocks differ by a few milliseconds.
      if (next() < 0.01) continue;
      const name =
        typeof stage.name === "string" ? stage.name : stage.name[Math.floor(next() * stage.name.length)]!;
      const time = from + delay + Math.round(normal() * 0.002 * second);
      if (time < start + length) events.push({ event: name, at: time, receivedAt: time });
    }
    // Noise: names of no meaning anywhere in one message of a hundred.
    if (next() < 0.01) {
      const time = opened + Math.floor(next() * 100 * second);
      events.push({ event: `NOISE_${Math.floor(next() * 20)}`, at: time, receivedAt: time });
    }
    if (events.length === 0) continue;
    events.sort((a, b) => a.at - b.at);
    histories.push({ messageId: `m${n}`, createdAt: events[0]!.at, events });
    for (const stage of graph) {
      if (stage.after === undefined) continue;
      const names = nameOf(stage).split("|");
      const before = stage.after.split("|");
      const done = events.find(({ event }) => names.includes(event))?.at;
      const began = events.find(({ event }) => before.includes(event))?.at;
      // Those of the end are cut off, and are not judged.
      const whole = opened < start + length - 4_000 * second;
      if (whole && done !== undefined && began !== undefined)
        hops.get(nameOf(stage))!.push(Math.max(0, done - began));
    }
  }
  return { histories, until: start + length, hops };
}

describe("a definition is learned from a hundred thousand messages with noise and losses:", () => {
  for (const [name, graph] of Object.entries(graphs)) {
    for (const seed of [1, 2]) {
      test(`${name} (seed ${seed})`, async () => {
        const { histories, until, hops } = generate(graph, 100_000, seed);
        const sample = new Sample();
        for (const history of histories) sample.add(history);
        const learned = await learn(sample, { until });
        const found = learned.stages.map(
          ({ events, after, occurs }) =>
            `${[...events].sort().join("|")} after ${[...after].sort().join("|")} ${occurs}`,
        );
        const known = graph.map((stage) => {
          const sorted = (text: string) => text.split("|").sort().join("|");
          const occurs =
            typeof stage.name !== "string"
              ? "alternatives"
              : (stage.share ?? 1) < 0.9
                ? "sometimes"
                : "always";
          return `${sorted(nameOf(stage))} after ${sorted(stage.after ?? "")} ${occurs}`;
        });
        expect(found.sort()).toEqual(known.sort());
        for (const stage of graph) {
          if (stage.after === undefined) continue;
          const key = nameOf(stage).split("|").sort().join("|");
          const hop = learned.stages.find(({ events }) => [...events].sort().join("|") === key)?.hop;
          const exact = Float64Array.from(hops.get(nameOf(stage))!).sort();
          for (const percent of [50, 95, 99] as const) {
            const off = Math.abs(hop![`p${percent}`] / percentileOf(exact, percent) - 1);
            expect([nameOf(stage), percent, off < 0.01]).toEqual([nameOf(stage), percent, true]);
          }
        }
        const definition = parseDefinition(definitionToJson(learned.definition!));
        expect(definition).toEqual(learned.definition!);
      });
    }
  }
});

test("nothing is learned from nothing, nor a definition from one stage", async () => {
  expect(await learn(new Sample(), { until: 0 })).toEqual({
    messages: 0,
    judged: 0,
    raiseAtMost: 0.001,
    stages: [],
    failures: [],
    leftOut: [],
    unnamed: 0,
  });
  const sample = new Sample();
  sample.add({ messageId: "m", createdAt: 1, events: [{ event: "A", at: 1, receivedAt: 1 }] });
  expect((await learn(sample, { until: 2 })).definition).toBeUndefined();
});

test("names beyond the bound are counted, and do no harm", async () => {
  const sample = new Sample();
  for (let n = 0; n < 1_000; n++) {
    const events = ["A", "B", `X${n}`].map((event, index) => ({
      event,
      at: n * second + index * 1_000,
      receivedAt: 0,
    }));
    sample.add({ messageId: `m${n}`, createdAt: n * second, events });
  }
  const learned = await learn(sample, { until: 2_000 * second });
  expect(learned.stages.map(({ events }) => events)).toEqual([["A"], ["B"]]);
  expect(learned.unnamed).toBe(1_000 - 62);
});
