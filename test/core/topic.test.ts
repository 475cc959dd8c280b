import { expect, test } from "bun:test";
import fc from "fast-check";
import { MarsError } from "../../src/core/error.ts";
import { appTopicName, messageTopicName, parseTopic, timelineTopicName } from "../../src/core/topic.ts";

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

test("findings have topics beside those of what they are found of", () => {
  expect(parseTopic("findings")).toEqual({ name: "findings", findings: true });
  fc.assert(
    fc.property(id, id, (appId, messageId) => {
      const key = { appId, messageId };
      const [ofApp, ofMessage] = [`${appTopicName(appId)}/findings`, `${messageTopicName(key)}/findings`];
      expect(parseTopic(ofApp)).toEqual({ name: ofApp, appId, findings: true });
      expect(parseTopic(ofMessage)).toEqual({ name: ofMessage, ...key, findings: true });
      expect(parseTopic(messageTopicName(key)).findings).toBeUndefined();
    }),
  );
});

test("what is called findings itself has its own topics", () => {
  expect(parseTopic("apps/findings")).toMatchObject({ appId: "findings" });
  expect(parseTopic("apps/findings").findings).toBeUndefined();
  expect(parseTopic("apps/findings/findings")).toMatchObject({ appId: "findings", findings: true });
  expect(parseTopic("apps/a/messages/findings")).toMatchObject({ messageId: "findings" });
  expect(parseTopic("apps/a/messages/findings").findings).toBeUndefined();
  expect(parseTopic("apps/a%2Ffindings")).toMatchObject({ appId: "a/findings" });
  expect(parseTopic("event_timeline:apps/a/findings")).toMatchObject({ messageId: "apps/a/findings" });
});

test("two spellings of one topic are one topic", () => {
  expect(parseTopic("apps/%61b/messages/%6d").name).toBe(parseTopic("apps/ab/messages/m").name);
  expect(parseTopic("apps/%61b/findings").name).toBe(parseTopic("apps/ab/findings").name);
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
  "findings/",
  "findings/findings",
  "all/findings",
  "apps/findings/a/findings",
  "apps//findings",
  "apps/a/messages/findings/findings/findings",
  "apps/a/messages//findings",
  "apps/a%00b",
  `apps/${"a".repeat(257)}`,
]) {
  test(`${JSON.stringify(name.slice(0, 30))} is no topic`, () => {
    expect(() => parseTopic(name)).toThrow(MarsError);
  });
}

test("a topic's attributes are a part of it, in any order and spelling", () => {
  fc.assert(
    fc.property(
      id,
      fc.uniqueArray(fc.tuple(id, id), { minLength: 1, maxLength: 3, selector: ([name]) => name }),
      (appId, pairs) => {
        const of = (list: readonly (readonly [string, string])[]) =>
          list
            .map(([name, value]) => `attributes.${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
            .join("&");
        const topic = parseTopic(`${appTopicName(appId)}?${of(pairs)}`);
        expect(topic).toMatchObject({ appId, attributes: pairs.map(([name, value]) => ({ name, value })) });
        expect(parseTopic(`${appTopicName(appId)}?${of(pairs.toReversed())}`).name).toBe(topic.name);
      },
    ),
  );
  expect(parseTopic("event_timeline:a?attributes.b=c")).toMatchObject({ messageId: "a?attributes.b=c" });
});
