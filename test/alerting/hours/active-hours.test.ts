/** Hours of the week on the axis of time, on days when clocks change, too. */
import { describe, expect, test } from "bun:test";
import { ActiveHours, isTimeZone } from "../../../src/alerting/hours/active-hours.ts";
import { type HourSpan, type Weekday, weekdays } from "../../../src/alerting/hours/schedule.ts";
import { mulberry32 } from "../../support/random.ts";

const minute = 60_000_000;
const hour = 60 * minute;
const at = (text: string) => Date.parse(text) * 1_000;
const all: readonly Weekday[] = weekdays;
const work: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri"];
const hours = (days: readonly Weekday[], from: number, to: number): HourSpan => ({
  days,
  from: from * 60,
  to: to * 60,
});
const berlin = (spans: readonly HourSpan[], daysOff: readonly string[] = []) =>
  new ActiveHours({ timeZone: "Europe/Berlin", hours: spans }, new Set(daysOff));

describe("business hours in Berlin", () => {
  const business = berlin([hours(work, 8, 18)], ["2026-12-25"]);

  test("begin and end by the wall clock, in winter and in summer", () => {
    expect(business.isActive(at("2026-01-30T06:59:59Z"))).toBe(false);
    expect(business.isActive(at("2026-01-30T07:00:00Z"))).toBe(true);
    expect(business.isActive(at("2026-01-30T17:00:00Z"))).toBe(false);
    expect(business.isActive(at("2026-07-01T06:00:00Z"))).toBe(true);
    expect(business.isActive(at("2026-07-01T16:00:00Z"))).toBe(false);
  });

  test("leave out the weekend and days off", () => {
    expect(business.nextActive(at("2026-01-30T17:00:00Z"))).toBe(at("2026-02-02T07:00:00Z"));
    expect(business.nextActive(at("2026-12-24T17:00:00Z"))).toBe(at("2026-12-28T07:00:00Z"));
    expect(business.activeBetween(at("2026-12-24T16:00:00Z"), at("2026-12-28T08:00:00Z"))).toBe(2 * hour);
  });

  test("go on at once where they have begun", () => {
    const noon = at("2026-01-30T11:00:00Z");
    expect(business.nextActive(noon)).toBe(noon);
  });
});

describe("on the days when clocks change", () => {
  const night = berlin([hours(all, 1, 4)]);

  test("an hour that is left out does not count", () => {
    // 29 March 2026: 02:00 is followed by 03:00.
    expect(night.activeBetween(at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"))).toBe(2 * hour);
    const gone = berlin([hours(all, 2, 3)]);
    expect(gone.nextActive(at("2026-03-29T00:00:00Z"))).toBe(at("2026-03-30T00:00:00Z"));
  });

  test("an hour that comes twice counts twice", () => {
    // 25 October 2026: 03:00 is followed by 02:00.
    expect(night.activeBetween(at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"))).toBe(4 * hour);
    const twice = berlin([{ days: all, from: 150, to: 180 }]);
    expect(twice.isActive(at("2026-10-25T00:45:00Z"))).toBe(true);
    expect(twice.isActive(at("2026-10-25T01:15:00Z"))).toBe(false);
    expect(twice.isActive(at("2026-10-25T01:45:00Z"))).toBe(true);
  });

  test("and where they change by half an hour, or at midnight", () => {
    const howe = new ActiveHours({ timeZone: "Australia/Lord_Howe", hours: [hours(all, 0, 24)] }, new Set());
    expect(howe.activeBetween(at("2026-04-03T00:00:00Z"), at("2026-04-07T00:00:00Z"))).toBe(96 * hour);
    const beirut = new ActiveHours({ timeZone: "Asia/Beirut", hours: [hours(all, 0, 1)] }, new Set());
    // 29 March 2026 begins at 01:00.
    expect(beirut.activeBetween(at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"))).toBe(0);
  });
});

test("hours agree with the wall clock at any minute", () => {
  const random = mulberry32(7);
  const zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"];
  const changes = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-09-27", "2026-10-25", "2026-11-01"];
  for (const timeZone of zones) {
    const spans = [hours(work, 8, 12), hours(["wed", "sun"], 1, 3), hours(["sun"], 22, 24)];
    const active = new ActiveHours({ timeZone, hours: spans }, new Set(["2026-04-06"]));
    const wall = new Intl.DateTimeFormat("en-GB", {
      ...{ timeZone, weekday: "short", year: "numeric", month: "2-digit", day: "2-digit" },
      ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    });
    for (let count = 0; count < 400; count += 1) {
      const near = at(`${changes[count % changes.length]}T00:00:00Z`);
      const moment = near + Math.floor(random() * 4_320 - 1_440) * minute;
      const parts = new Map(wall.formatToParts(moment / 1_000).map(({ type, value }) => [type, value]));
      const minutes = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
      const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
      const weekday = parts.get("weekday")!.toLowerCase() as Weekday;
      const expected =
        date !== "2026-04-06" &&
        spans.some(({ days, from, to }) => days.includes(weekday) && from <= minutes && minutes < to);
      expect([timeZone, moment, active.isActive(moment)]).toEqual([timeZone, moment, expected]);
      expect(active.activeBetween(moment, moment + minute)).toBe(expected ? minute : 0);
    }
  }
});

test("a schedule whose days are all off is never active", () => {
  const dates = Array.from({ length: 800 }, (_, index) =>
    new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10),
  );
  expect(berlin([hours(all, 0, 24)], dates).nextActive(at("2026-02-01T00:00:00Z"))).toBeUndefined();
});

test("time zones are those that the runtime knows", () => {
  expect(["Europe/Berlin", "UTC", "Mars/Olympus", ""].map(isTimeZone)).toEqual([true, true, false, false]);
});
