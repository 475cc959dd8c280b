/** A rule's schedule, and calendars, as REST and RPC take them. */
import * as z from "zod";
import { isTimeZone } from "../alerting/hours/active-hours.ts";
import { datesMax, dayMinutes, type Schedule, spansMax, weekdays } from "../alerting/hours/schedule.ts";
import { alertId, list } from "./alert-fields.ts";
import { defined, field, type Reading, text, word } from "./fields.ts";

const nameBytesMax = 256;

const timeZone = field(
  { type: "string", examples: ["Europe/Berlin"] },
  (value): Reading<string> =>
    typeof value === "string" && isTimeZone(value)
      ? { value }
      : { problem: "must be a time zone such as Europe/Berlin" },
);

/** Minutes since midnight. */
const timeOfDay = field({ type: "string", pattern: "^[0-2][0-9]:[0-5][0-9]$" }, (value): Reading<number> => {
  const [, hour = "", minute = ""] = /^(\d\d):([0-5]\d)$/.exec(typeof value === "string" ? value : "") ?? [];
  const minutes = hour === "" ? Number.NaN : Number(hour) * 60 + Number(minute);
  return minutes <= dayMinutes ? { value: minutes } : { problem: "must be a time from 00:00 to 24:00" };
});

const span = z
  .strictObject({
    days: list(word(weekdays), weekdays.length, "days of the week"),
    from: timeOfDay,
    to: timeOfDay,
  })
  .check(({ value, issues }) => {
    if (value.from < value.to) return;
    const message = "must be later than from: hours over midnight are two entries";
    issues.push({ code: "custom", path: ["to"], message, input: value });
  });

const spans = `must be a list of 1 to ${spansMax} entries`;

export const schedule = z
  .strictObject({
    time_zone: timeZone,
    hours: z.array(span, spans).min(1, spans).max(spansMax, spans),
    calendar: alertId.optional(),
  })
  .transform(
    ({ time_zone, ...others }): Schedule => ({
      timeZone: time_zone,
      hours: others.hours,
      ...defined({ calendar: others.calendar }),
    }),
  )
  .meta({
    description:
      "Hours outside of which nothing is notified, and an absence does not count; the days of the `calendar` are off.",
    examples: [
      {
        time_zone: "Europe/Berlin",
        hours: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "18:00" }],
      },
    ],
  });

/** A schedule as REST and RPC show it. */
export const shownSchedule = z.looseObject({ time_zone: z.string() });

const date = field({ type: "string", format: "date" }, (value): Reading<string> => {
  const day =
    typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
  const good =
    day !== undefined && Number.isFinite(day.getTime()) && day.toISOString().slice(0, 10) === value;
  return good ? { value: value as string } : { problem: "must be a date such as 2026-12-25" };
});

const dates = `must be a list of up to ${datesMax} dates`;

export const calendarDates = z
  .array(z.strictObject({ date, name: text(nameBytesMax).nullable().optional() }), dates)
  .max(datesMax, dates)
  .superRefine((items, context) => {
    const known = new Set<string>();
    for (const [index, { date }] of items.entries()) {
      if (known.has(date))
        context.addIssue({ code: "custom", path: [index, "date"], message: "must be there once" });
      known.add(date);
    }
  });
