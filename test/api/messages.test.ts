import { describe, expect, test } from "bun:test";
import { getMessage, listMessages } from "../../src/api/messages.ts";
import type { MessageQuery } from "../../src/core/query.ts";
import { askedOf, fieldsAtFault, problemsOf } from "./asked.ts";

describe("a list of messages", () => {
  test("has its defaults filled in, and nothing else", async () => {
    expect(await askedOf(listMessages, {})).toEqual([{ order: "newest", limit: 100 }]);
    const absent = { app_id: undefined, since: undefined };
    expect(await askedOf(listMessages, absent)).toEqual([{ order: "newest", limit: 100 }]);
  });

  test("takes every filter", async () => {
    const texts = { event: "e", missing: "f", prefix: "p", cursor: "c" };
    const ids = { app_id: "a", message_id: "m", external_id: "x", parent_id: "y" };
    const window = { since: "1970-01-01T00:00:01.000001Z", until: "1970-01-01T00:00:02Z" };
    for (const limit of ["7", 7]) {
      expect(await askedOf(listMessages, { ...texts, ...ids, ...window, order: "updated", limit })).toEqual([
        {
          ...texts,
          appId: "a",
          messageId: "m",
          externalId: "x",
          parentId: "y",
          order: "updated",
          limit: 7,
          since: 1_000_001,
          until: 2_000_000,
        },
      ]);
    }
  });

  test("takes states, a stage with how a message stands with it, and times that are so long ago", async () => {
    const filters = { stage: "A|B", stage_state: "never", after: "", overdue_since: "1h", order: "overdue" };
    for (const [state, followed] of [
      ["failed,overdue", "1"],
      [["failed", "overdue"], true],
    ]) {
      const [query] = (await askedOf(listMessages, { ...filters, state, followed })) as [MessageQuery];
      expect(query).toMatchObject({
        states: ["overdue", "failed"],
        stage: { name: "A|B", status: "never", after: "" },
        followed: true,
        order: "overdue",
      });
      // A second is more than this takes.
      expect(Math.abs(query.overdueSince! + 3_600_000_000 - Date.now() * 1_000)).toBeLessThan(1_000_000);
    }
  });

  test.each([
    [{ state: "" }, "state"],
    [{ state: "open," }, "state"],
    [{ state: "open,gone" }, "state"],
    [{ state: ["unspecified"] }, "state"],
    [{ stage: "A" }, "stage"],
    [{ stage_state: "never" }, "stage"],
    [{ stage: "A", stage_state: "done" }, "stage_state"],
    [{ after: "A" }, "after"],
    [{ parent_id: "p" }, "parent_id"],
    [{ followed: "yes" }, "followed"],
    [{ overdue_since: "1y" }, "overdue_since"],
    [{ since: "999999d" }, "since"],
    [{ since: "1684-12-31T23:59:59Z" }, "since"],
    [{ until: "2255-01-01T00:00:00Z" }, "until"],
    [{ min_seq: "-1" }, "min_seq"],
    [{ min_seq: 2 ** 63 }, "min_seq"],
    [{ cursor: "x".repeat(8193) }, "cursor"],
  ] as const)("refuses %j", async (input, field) => {
    expect(await fieldsAtFault(listMessages, input)).toEqual([field]);
  });

  test("is refused with all problems in one error", async () => {
    const input = {
      app_id: "",
      message_id: 7,
      prefix: "\ud800",
      since: "yesterday",
      until: 1,
      order: 1,
      limit: 0.5,
    };
    expect(await fieldsAtFault(listMessages, input)).toEqual(Object.keys(input));
  });

  test.each([0, 1001, -1, Number.NaN, Number.POSITIVE_INFINITY, "", " 1", "0x10", "1e2", "1.0", "٣"])(
    "refuses the limit %j",
    async (limit) => {
      expect(await problemsOf(listMessages, { limit })).toEqual([
        { field: "limit", message: "must be a whole number from 1 to 1000" },
      ]);
    },
  );
});

describe("one message", () => {
  test("is asked for by two ids, and a page of its events", async () => {
    const ids = { app_id: "a", message_id: "m" };
    expect(await askedOf(getMessage, ids)).toEqual([{ appId: "a", messageId: "m" }]);
    const page = { order: "newest", cursor: "c" };
    expect(await askedOf(getMessage, { ...ids, ...page, limit: "10000" })).toEqual([
      { appId: "a", messageId: "m", ...page, limit: 10_000 },
    ]);
  });

  test("is refused with all that is at fault", async () => {
    const input = {
      app_id: "",
      message_id: "x".repeat(513),
      order: "updated",
      limit: 10_001,
      cursor: "",
      min_seq: "1.5",
    };
    expect(await fieldsAtFault(getMessage, input)).toEqual(Object.keys(input));
  });
});
