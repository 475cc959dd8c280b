import { describe, expect, test } from "bun:test";
import { listFindings, listOverdue } from "../../src/api/findings.ts";
import { getFunnel, getRates, listApps } from "../../src/api/statistics.ts";
import { formatTime, nowMicros } from "../../src/core/time.ts";
import type { Window } from "../../src/core/window.ts";
import type { RateQuery } from "../../src/statistics/statistics.ts";
import { askedOf, fieldsAtFault } from "./asked.ts";

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;
/** A second is more than any check takes. */
const aboutNow = (micros: number) => expect(Math.abs(micros - nowMicros())).toBeLessThan(1_000_000);

describe("a list of findings", () => {
  test("asks for what holds now, the latest first, unless something else is asked for", async () => {
    expect(await askedOf(listFindings, {})).toEqual([{ state: "current", order: "newest", limit: 100 }]);
  });

  test("takes every filter", async () => {
    const filters = { kind: "late", stage: "A|B", state: "any", order: "oldest", cursor: "c" };
    const ids = { app_id: "a", message_id: "m" };
    const since = "1970-01-01T00:00:01Z";
    expect(await askedOf(listFindings, { ...filters, ...ids, since, limit: "7" })).toEqual([
      { ...filters, appId: "a", messageId: "m", since: 1_000_000, limit: 7 },
    ]);
  });

  test("is refused with all problems in one error", async () => {
    const bad = { app_id: "", kind: "lost", state: "gone", since: "then", order: "updated", limit: 0 };
    expect(await fieldsAtFault(listFindings, bad)).toEqual(Object.keys(bad));
    expect(await fieldsAtFault(listOverdue, { stage: "", limit: 1001 })).toEqual(["stage", "limit"]);
    expect(await fieldsAtFault(listApps, { cursor: "x".repeat(8193) })).toEqual(["cursor"]);
  });
});

describe("a window", () => {
  const windowOf = async (fields: object) =>
    (await askedOf(getFunnel, { app_id: "a", ...fields }))[1] as Window;
  const refusal = (since: string, until: string) => fieldsAtFault(getFunnel, { app_id: "a", since, until });

  test("is the last day unless another is asked for", async () => {
    const { since, until } = await windowOf({});
    aboutNow(until);
    expect(until - since).toBe(day);
    expect(await windowOf({ until: formatTime(5 * day) })).toEqual({ since: 4 * day, until: 5 * day });
  });

  test("takes a duration for so long before now", async () => {
    const { since, until } = await windowOf({ since: "90m", until: "30m" });
    aboutNow(since + 90 * minute);
    aboutNow(until + 30 * minute);
  });

  test("is refused where it ends before it begins, and where it is too long", async () => {
    expect(await refusal(formatTime(2), formatTime(2))).toEqual(["since"]);
    expect(await refusal("1h", "2h")).toEqual(["since"]);
    expect(await refusal(formatTime(0), formatTime(731 * day + 1))).toEqual(["since"]);
    expect(await refusal("soon", "later")).toEqual(["since", "until"]);
  });
});

describe("rates", () => {
  const window = (length: number) => ({ app_id: "a", since: formatTime(0), until: formatTime(length) });
  const stepOf = async (length: number, step?: string) =>
    ((await askedOf(getRates, { ...window(length), step })) as [RateQuery])[0].step;

  test.each([
    [hour, minute],
    [2 * hour, minute],
    [2 * hour + 1, 5 * minute],
    [day, 15 * minute],
    [7 * day, 6 * hour],
    [30 * day, 6 * hour],
    [730 * day, 7 * day],
  ])("of %d µs have steps of %d µs, at most 120, unless others are asked for", async (length, step) => {
    expect(await stepOf(length)).toBe(step);
    expect(length / step).toBeLessThanOrEqual(120);
  });

  test("take a step of whole minutes that leaves 1500 of them at most", async () => {
    expect(await stepOf(hour, "5m")).toBe(5 * minute);
    expect(await stepOf(1_500 * minute, "1m")).toBe(minute);
    for (const step of ["90s", "0m", "five", ""]) {
      expect(await fieldsAtFault(getRates, { ...window(hour), step })).toEqual(["step"]);
    }
    expect(await fieldsAtFault(getRates, { ...window(1_501 * minute), step: "1m" })).toEqual(["step"]);
  });
});
