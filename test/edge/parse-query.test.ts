import { describe, expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { microsMax, microsMin } from "../../src/core/time.ts";
import { checkMessageQuery, checkMessageRead, checkMinSeq } from "../../src/edge/parse-query.ts";

function problemsOf(check: () => unknown): readonly unknown[] {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(MarsError);
    expect((error as MarsError).code).toBe("invalid_argument");
    return (error as MarsError).problems;
  }
  throw new Error("nothing was thrown");
}

describe("checkMessageQuery", () => {
  test("fills in the defaults and nothing else", () => {
    expect(checkMessageQuery({})).toEqual({ order: "newest", limit: 100 });
    expect(checkMessageQuery({ app_id: undefined, since: undefined })).toEqual({
      order: "newest",
      limit: 100,
    });
  });

  test("takes every field, as text or decoded", () => {
    const texts = {
      app_id: "a",
      message_id: "m",
      external_id: "x",
      event: "e",
      missing: "f",
      prefix: "p",
      cursor: "c",
    };
    const expected = {
      appId: "a",
      messageId: "m",
      externalId: "x",
      event: "e",
      missing: "f",
      prefix: "p",
      cursor: "c",
      order: "updated",
      limit: 7,
      since: 1_000_001,
      until: 2_000_000,
    } as const;
    const since = "1970-01-01T00:00:01.000001Z";
    expect(checkMessageQuery({ ...texts, order: "updated", limit: "7", since, until: 2_000_000 })).toEqual(
      expected,
    );
    expect(
      checkMessageQuery({ ...texts, order: "updated", limit: 7, since: 1_000_001, until: 2_000_000 }),
    ).toEqual(expected);
  });

  test("takes states, a stage with how a message stands with it, and times that are so long ago", () => {
    const query = checkMessageQuery({
      state: "failed,overdue",
      stage: "A|B",
      stage_state: "never",
      followed: "1",
      overdue_since: "1h",
      order: "overdue",
    });
    expect(query).toMatchObject({
      states: ["overdue", "failed"],
      stage: { name: "A|B", status: "never" },
      followed: true,
      order: "overdue",
    });
    // A second is more than this takes.
    expect(Math.abs(query.overdueSince! + 3_600_000_000 - Date.now() * 1_000)).toBeLessThan(1_000_000);
  });

  for (const [fields, at] of [
    [{ state: "" }, "state"],
    [{ state: "open," }, "state"],
    [{ state: "open,gone" }, "state"],
    [{ stage: "A" }, "stage"],
    [{ stage_state: "never" }, "stage"],
    [{ stage: "A", stage_state: "done" }, "stage_state"],
    [{ followed: "yes" }, "followed"],
    [{ overdue_since: "1y" }, "overdue_since"],
    [{ since: "999999d" }, "since"],
  ] as const) {
    test(`refuses ${JSON.stringify(fields)}`, () => {
      expect(problemsOf(() => checkMessageQuery(fields))).toMatchObject([{ field: at }]);
    });
  }

  test("collects all problems in one error", () => {
    const fields = {
      app_id: "",
      message_id: 7,
      prefix: "\ud800",
      since: microsMin - 1,
      until: microsMax + 1,
      order: 1,
      limit: 0.5,
    };
    expect(problemsOf(() => checkMessageQuery(fields))).toMatchObject(
      ["app_id", "message_id", "prefix", "since", "until", "order", "limit"].map((field) => ({ field })),
    );
  });

  for (const limit of [
    0,
    1001,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    " 1",
    "0x10",
    "1e2",
    "1.0",
    "٣",
  ]) {
    test(`refuses the limit ${JSON.stringify(limit)}`, () => {
      expect(problemsOf(() => checkMessageQuery({ limit }))).toEqual([
        { field: "limit", message: "must be a whole number from 1 to 1000" },
      ]);
    });
  }
});

describe("checkMinSeq", () => {
  test("takes whole numbers in any form, and leaves absence alone", () => {
    for (const value of ["12", 12, 12n]) expect(checkMinSeq(value)).toBe(12);
    expect(checkMinSeq("0")).toBe(0);
    expect(checkMinSeq(undefined)).toBeUndefined();
  });

  for (const value of ["", "-1", "1.5", -1, 1.5, -1n, 2n ** 63n, "99999999999999999999"]) {
    test(`refuses ${JSON.stringify(String(value))}`, () => {
      expect(problemsOf(() => checkMinSeq(value))).toEqual([
        { field: "min_seq", message: "must be a whole number of at least 0" },
      ]);
    });
  }
});

describe("checkMessageRead", () => {
  test("takes two ids and a page of events", () => {
    expect(checkMessageRead("a", "m", {})).toEqual({ appId: "a", messageId: "m" });
    expect(checkMessageRead("a", "m", { order: "newest", limit: "10000", cursor: "c" })).toEqual({
      appId: "a",
      messageId: "m",
      order: "newest",
      limit: 10_000,
      cursor: "c",
    });
  });

  test("tells all that is at fault", () => {
    const fields = { order: "updated", limit: 10_001, cursor: "" };
    expect(problemsOf(() => checkMessageRead("", "x".repeat(513), fields))).toMatchObject(
      ["app_id", "message_id", "order", "limit", "cursor"].map((field) => ({ field })),
    );
  });
});
