import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatTime, microsMax, microsMin, parseTime, wallMs } from "../../src/core/time.ts";

const accepted: readonly [text: string, shown: string][] = [
  ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31T12:00:00.1Z", "2026-01-31T12:00:00.100000Z"],
  ["2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456Z"],
  ["2026-01-31T12:00:00+02:30", "2026-01-31T09:30:00.000000Z"],
  ["2026-01-31T12:00:00.000001-23:59", "2026-02-01T11:59:00.000001Z"],
  ["2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000000Z"],
  ["2000-02-29T00:00:00.000000001Z", "2000-02-29T00:00:00.000000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"],
  ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"],
  ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"],
  ["1685-01-01T00:00:00Z", "1685-01-01T00:00:00.000000Z"],
  ["2254-12-31T23:59:59.999999Z", "2254-12-31T23:59:59.999999Z"],
  // As Java writes them: Instant and OffsetDateTime leave seconds of zero out, ZonedDateTime adds its zone.
  ["2026-01-31T12:00Z", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31T12:00+02:00", "2026-01-31T10:00:00.000000Z"],
  ["2026-01-31T12:00:05.25+01:00[Europe/Paris]", "2026-01-31T11:00:05.250000Z"],
  ["2026-01-31T12:00Z[Etc/UTC]", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31T12:00:00+0200", "2026-01-31T10:00:00.000000Z"],
  // As SQL does: PostgreSQL, SQL Server, BigQuery, Ruby's and GitLab's.
  ["2026-01-31 12:00:00Z", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31 12:00:00.123+00", "2026-01-31T12:00:00.123000Z"],
  ["2026-01-31 12:00:00-03:30", "2026-01-31T15:30:00.000000Z"],
  ["2026-01-31 12:00:00.1234567 +01:00", "2026-01-31T11:00:00.123456Z"],
  ["2026-01-31 12:00:00 UTC", "2026-01-31T12:00:00.000000Z"],
  ["2026-01-31 12:00:00 +0000", "2026-01-31T12:00:00.000000Z"],
];

const refused: readonly string[] = [
  "",
  "Hello",
  "2026-01-31",
  "2026-01-31T12:00:00",
  "2026-01-31 12:00:00",
  "2026-01-31 12:00",
  "2026-01-31T12Z",
  "2026-01-31  12:00:00Z",
  "2026-01-31 12:00:00  UTC",
  "2026-01-31 12:00:00 CET",
  "2026-01-31T12:00:00 02:00",
  "2026-01-31T12:00:00[Europe/Paris]",
  "2026-02-30 12:00:00+00",
  "2026-01-31 12:00:00+25",
  "2026-01-31T12:00:00.Z",
  "2026-01-31T12:00:00.1234567890Z",
  "2026-13-01T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-01-00T00:00:00Z",
  "2026-01-31T12:00:00+02:60",
  "2026-01-31T12:00:00+02:3",
  "2026-01-31T12:00:00Z ",
  " 2026-01-31T12:00:00Z",
  "2026/01/31T12:00:00Z",
  "-026-01-31T12:00:00Z",
  "2026-01-32T00:00:00Z",
  "2026-01-31T24:00:00Z",
  "2026-01-31T12:60:00Z",
  "2026-01-31T12:00:61Z",
  "2026-01-31T12:00:00+24:00",
  "0001-01-01T00:00:00Z",
  "1684-12-31T23:59:59Z",
  "2255-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "2026-01-31T12:00:00Z\n",
  "٢٠٢٦-01-31T12:00:00Z",
];

for (const [text, shown] of accepted) {
  test(`${text} is ${shown}`, () => {
    const time = parseTime(text);
    if (typeof time === "string") throw new Error(time);
    expect(formatTime(time)).toBe(shown);
    expect(Number.isSafeInteger(time)).toBe(true);
  });
}

for (const text of refused) {
  test(`${JSON.stringify(text)} is refused in words`, () => {
    expect(parseTime(text)).toBeString();
  });
}

test("every time that is written is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: microsMin, max: microsMax }), (time) => {
      expect(parseTime(formatTime(time))).toBe(time);
    }),
  );
});

test("the platform's own parser agrees to the millisecond", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("1700-01-01"), max: new Date("2250-01-01"), noInvalidDate: true }),
      (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime() * 1000);
        expect(formatTime(date.getTime() * 1000 + 7)).toBe(date.toISOString().replace("Z", "007Z"));
      },
    ),
  );
});

test("the range is exact to the microsecond", () => {
  expect(Number.isSafeInteger(microsMin)).toBe(true);
  expect(Number.isSafeInteger(microsMax)).toBe(true);
  expect(parseTime(formatTime(microsMin))).toBe(microsMin);
  expect(parseTime(formatTime(microsMax))).toBe(microsMax);
});

test("in any year of a machine's clock, times derived from it can be kept, and it goes on ticking", () => {
  const days = 366 * 86_400_000;
  for (const year of [1, 1684, 1970, 2026, 2249, 2250, 2254, 2262, 2326, 9_999, 275_760]) {
    const at = new Date(0).setUTCFullYear(year);
    const now = wallMs(at);
    expect((now - days) * 1_000).toBeGreaterThanOrEqual(year < 1_700 ? microsMin - days * 1_000 : microsMin);
    expect((now + days) * 1_000).toBeLessThan(microsMax);
    if (year > 1_685 && year < 2_250) expect(now).toBe(at);
    if (year > 1_685) expect(wallMs(at + 500) - now).toBe(500);
  }
});
