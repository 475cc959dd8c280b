import { expect, test } from "bun:test";
import fc from "fast-check";
import { definitionToJson } from "../../src/lifecycle/definition.ts";
import { definitionDiff } from "../../src/lifecycle/diff.ts";
import { parseDefinition } from "../support/definition.ts";
import { anyDefinition } from "./definitions.ts";

const first = {
  stages: [
    { event: "created" },
    { event: "paid", within: "5s" },
    { event: "packed", after: "paid", within: "1h" },
    { event: "sent", after: "packed", within: "1d" },
  ],
  complete_on: ["sent"],
  grace: "500ms",
};

const second = {
  stages: [
    { event: "created" },
    { event: "checked", within: "1s" },
    { event: "paid", after: "checked", within: "10s" },
    { any_of: ["sent", "fetched"], after: "paid" },
  ],
  complete_on: ["sent", "fetched"],
  fail_on: ["cancelled"],
  grace: "1s",
};

test("a difference names stages and fields, in words too", () => {
  expect(definitionDiff(parseDefinition(first), parseDefinition(second))).toEqual({
    added: ["checked"],
    removed: ["packed"],
    changed: [
      { stage: "paid", field: "after", from: "created", to: "checked" },
      { stage: "paid", field: "within", from: "5s", to: "10s" },
      { stage: "sent|fetched", field: "events", from: "sent", to: "sent, fetched" },
      { stage: "sent|fetched", field: "after", from: "packed", to: "paid" },
      { stage: "sent|fetched", field: "within", from: "1d", to: null },
    ],
    fields: [
      { field: "complete_on", from: "sent", to: "sent, fetched" },
      { field: "grace", from: "500ms", to: "1s" },
      { field: "fail_on", from: null, to: "cancelled" },
    ],
    words: [
      "stage checked is new: after created, within 1s",
      "stage packed is gone",
      "stage paid: after is checked, was created",
      "stage paid: within is 10s, was 5s",
      "stage sent|fetched: events is sent, fetched, was sent",
      "stage sent|fetched: after is paid, was packed",
      "stage sent|fetched: within is gone, was 1d",
      "complete_on is sent, fetched, was sent",
      "grace is 1s, was 500ms",
      "fail_on is new: cancelled",
    ],
  });
});

test("what ends a message has no order, and what a stage is called has one", () => {
  const ended = (ends: readonly string[], fails: readonly string[], reopens: readonly string[]) =>
    parseDefinition({
      stages: [{ event: "a" }, { any_of: ends }, { event: "c", after: ends, optional: true }],
      complete_on: ends,
      fail_on: fails,
      reopen_on: reopens,
    });
  const from = ended(["b", "d"], ["e", "f"], ["g", "h"]);
  expect(definitionDiff(from, ended(["b", "d"], ["f", "e"], ["h", "g"])).words).toEqual([]);
  expect(definitionDiff(from, ended(["d", "b"], ["f"], ["h", "g"]))).toMatchObject({
    changed: [
      { stage: "d|b", field: "events", from: "b, d", to: "d, b" },
      { stage: "c", field: "after", from: "b, d", to: "d, b" },
    ],
    fields: [{ field: "fail_on", from: "e, f", to: "f" }],
  });
});

test("a lifecycle that begins or ends differs from none in all of its stages", () => {
  const definition = parseDefinition(first);
  expect(definitionDiff(undefined, definition)).toMatchObject({
    added: ["created", "paid", "packed", "sent"],
    removed: [],
  });
  expect(definitionDiff(definition, undefined).removed).toEqual(["created", "paid", "packed", "sent"]);
  expect(definitionDiff(definition, undefined).words[0]).toBe("the lifecycle ended");
  expect(definitionDiff(undefined, undefined).words).toEqual([]);
});

test("two definitions differ exactly where their JSON does", () => {
  fc.assert(
    fc.property(anyDefinition, anyDefinition, (a, b) => {
      expect(definitionDiff(a, a).words).toEqual([]);
      const [from, to] = [a, b].map((one) => JSON.stringify(definitionToJson(one)));
      if (definitionDiff(a, b).words.length === 0) {
        // The order of stages is the reader's, and has no meaning.
        const sorted = (text: string) => [...text].sort().join("");
        expect(sorted(from!)).toBe(sorted(to!));
      }
    }),
  );
});
