import { expect, test } from "bun:test";
import fc from "fast-check";
import { MarsError } from "../../src/event/error.ts";
import { appTopicName, messageTopicName, parseTopic, timelineTopicName } from "../../src/event/topic.ts";

const id = fc
  .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
  .filter((text) => !text.includes("\0"));

test("a topic's name parses back to what it watches", () => {
  fc.assert(
    fc.property(id, id, (appId, messageId) => {
      expect(parseTopic(appTopicName(appId))).toMatchObject({ appId });
      expect(parseTopic(messageTopicName({ appId, messageId }))).toMatchObject({ appId, messageId });
      expect(parseTopic(timelineTopicName(messageId))).toMatchObject({ messageId });
    }),
  );
});

test("two spellings of one topic are one topic", () => {
  expect(parseTopic("apps/%61b/messages/%6d").name).toBe(parseTopic("apps/ab/messages/m").name);
});

for (const name of [
  "",
  "al",
  "apps",
  "apps/",
  "apps/a/",
  "apps/a/messages",
  "apps/a/messages/",
  "apps/%zz",
  "event_timeline:",
  "apps/a%00b",
  `apps/${"a".repeat(257)}`,
]) {
  test(`${JSON.stringify(name.slice(0, 30))} is no topic`, () => {
    expect(() => parseTopic(name)).toThrow(MarsError);
  });
}
