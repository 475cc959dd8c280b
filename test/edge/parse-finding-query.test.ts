import { describe, expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { nowMicros } from "../../src/core/time.ts";
import {
  checkFindingQuery,
  checkOverdueQuery,
  checkPage,
  checkRateQuery,
  checkWindow,
} from "../../src/edge/parse-finding-query.ts";

function fieldsAtFault(check: () => unknown): string[] {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(MarsError);
    expect((error as MarsError).code).toBe("invalid_argument");
    return (error as MarsError).problems.map(({ field }) => field);
  }
  throw new Error("nothing was thrown");
}

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;
/** A second is more than any check takes. */
const aboutNow = (micros: number) => expect(Math.abs(micros - nowMicros())).toBeLessThan(1_000_000);

describe("checkFindingQuery", () => {
  test("asks for what holds now, the latest first, unless told otherwise", () => {
    expect(checkFindingQuery({})).toEqual({ state: "current", order: "newest", limit: 100 });
  });

  test("takes every field", () => {
    expect(
      checkFindingQuery({
        app_id: "a",
        message_id: "m",
        kind: "late",
        stage: "A|B",
        state: "any",
        since: "1970-01-01T00:00:01Z",
        until: 2_000_000,
        order: "oldest",
        limit: "7",
        cursor: "c",
      }),
    ).toEqual({
      appId: "a",
      messageId: "m",
      kind: "late",
      stage: "A|B",
      state: "any",
      since: 1_000_000,
      until: 2_000_000,
      order: "oldest",
      limit: 7,
      cursor: "c",
    });
  });

  test("collects all problems in one error", () => {
    const bad = { app_id: "", kind: "lost", state: "gone", since: "then", order: "updated", limit: 0 };
    expect(fieldsAtFault(() => checkFindingQuery(bad))).toEqual(Object.keys(bad));
    expect(fieldsAtFault(() => checkOverdueQuery({ stage: "", limit: 1001 }))).toEqual(["stage", "limit"]);
    expect(fieldsAtFault(() => checkPage({ cursor: "x".repeat(8193) }))).toEqual(["cursor"]);
  });
});

describe("checkWindow", () => {
  test("is the last day unless told otherwise", () => {
    const { since, until } = checkWindow({});
    aboutNow(until);
    expect(until - since).toBe(day);
    expect(checkWindow({ until: 5 * day })).toEqual({ since: 4 * day, until: 5 * day });
  });

  test("takes a duration for so long before now", () => {
    const { since, until } = checkWindow({ since: "90m", until: "30m" });
    aboutNow(since + 90 * minute);
    aboutNow(until + 30 * minute);
  });

  test("refuses one that ends before it begins, and one that is too long", () => {
    expect(fieldsAtFault(() => checkWindow({ since: 2, until: 2 }))).toEqual(["since"]);
    expect(fieldsAtFault(() => checkWindow({ since: "1h", until: "2h" }))).toEqual(["since"]);
    expect(fieldsAtFault(() => checkWindow({ since: 0, until: 731 * day + 1 }))).toEqual(["since"]);
    expect(fieldsAtFault(() => checkWindow({ since: "soon", until: "later" })).sort()).toEqual([
      "since",
      "until",
    ]);
  });
});

describe("checkRateQuery", () => {
  const stepOf = (length: number, step?: string | number) =>
    checkRateQuery("a", { since: 0, until: length, step }).step;

  for (const [length, step] of [
    [hour, minute],
    [2 * hour, minute],
    [2 * hour + 1, 5 * minute],
    [day, 15 * minute],
    [7 * day, 6 * hour],
    [30 * day, 6 * hour],
    [730 * day, 7 * day],
  ] as const) {
    test(`has at most 120 steps in ${length / hour} h unless told otherwise`, () => {
      expect(stepOf(length)).toBe(step);
      expect(length / step).toBeLessThanOrEqual(120);
    });
  }

  test("takes a step of whole minutes that leaves 1500 of them at most", () => {
    expect(stepOf(hour, "5m")).toBe(5 * minute);
    expect(stepOf(hour, 5 * minute)).toBe(5 * minute);
    expect(stepOf(1_500 * minute, "1m")).toBe(minute);
    for (const step of ["90s", "0m", "five", "", 90_000_000, -minute, Number.NaN]) {
      expect(fieldsAtFault(() => stepOf(hour, step))).toEqual(["step"]);
    }
    expect(fieldsAtFault(() => stepOf(1_501 * minute, "1m"))).toEqual(["step"]);
  });
});
