import { expect, test } from "bun:test";
import { apart, placeOf, ticksOf } from "../../../../../src/ui/screens/message/journey/axis.ts";
import {
  type JourneyAnswer,
  membersOf,
  type Related,
  type Summary,
} from "../../../../../src/ui/screens/message/journey/members.ts";

type Message = Parameters<typeof membersOf>[0];

const summary = (app_id: string, message_id: string, more: Partial<Summary> = {}): Summary => ({
  ...{
    app_id,
    message_id,
    created_at: "2026-01-01T00:00:00.000000Z",
    updated_at: "2026-01-01T00:01:00.000000Z",
  },
  ...{ event_count: 2, last_event: "SENT", stages: ["MADE", "SENT"], external_ids: ["x"], parent_id: null },
  ...{ state: "open", overdue_since: null },
  ...more,
});
const none: Related = { journeys: [], parents: [], parts: [], namesakes: [], moreParts: false };
const message: Message = {
  ...summary("shop", "m"),
  ...{ lifecycle: null, events: [], next_cursor: null, as_of_seq: 1 },
};
const journey = (messages: Summary[]): JourneyAnswer => ({
  ...{ external_id: "x", messages, events: [], next_cursor: null, as_of_seq: 1 },
});

test("each message belongs once: the whole first, then the message itself, then others as they began", () => {
  const early = summary("pay", "p", { created_at: "2025-12-31T00:00:00.000000Z" });
  const related = {
    ...none,
    journeys: [journey([summary("shop", "m"), summary("mail", "n"), early, summary("shop", "part")])],
    parents: [summary("shop", "batch")],
    parts: [summary("shop", "part")],
    namesakes: [summary("shop", "m"), summary("other", "m")],
  };
  const members = membersOf(message, [], related);
  expect(members.map((one) => [one.message.app_id, one.message.message_id, one.relation])).toEqual([
    ["shop", "batch", "the whole"],
    ["shop", "m", "this message"],
    ["pay", "p", ""],
    ["shop", "part", "part"],
    ["mail", "n", ""],
    ["other", "m", "same id"],
  ]);
});

test("where no events of a message are known it has its first and its last", () => {
  const [, part] = membersOf(message, [], { ...none, parts: [summary("shop", "part")] });
  const start = Date.parse("2026-01-01T00:00:00.000000Z");
  expect(part?.marks).toEqual([
    { at: start, event: "MADE" },
    { at: start + 60_000, event: "SENT" },
  ]);
});

test("an axis names round times, and draws once what is in one place", () => {
  const axis = { from: 1_000, to: 101_000 };
  expect(ticksOf(axis, 5)).toEqual([30_000, 60_000, 90_000]);
  expect(placeOf(axis, 51_000)).toBe(50);
  expect([placeOf(axis, 0), placeOf(axis, 200_000)]).toEqual([0, 100]);
  const items = [1_000, 1_010, 1_020, 90_000].map((at) => ({ at }));
  expect(apart(items, axis)).toEqual([{ at: 1_020 }, { at: 90_000 }]);
  expect(ticksOf({ from: 5, to: 5 }, 5)).toEqual([5]);
});
