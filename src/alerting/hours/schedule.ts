/** When a rule notifies: hours of the week in a time zone, and days off by a calendar. */

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];
/** Spans of one schedule. */
export const spansMax = 50;
export const calendarsMax = 100;
/** Days of one calendar. */
export const datesMax = 1_000;
export const dayMinutes = 1_440;

export interface Schedule {
  /** Of the IANA database: `Europe/Berlin`. */
  readonly timeZone: string;
  readonly hours: readonly HourSpan[];
  /** Id of a calendar; absent for no days off. */
  readonly calendar?: string;
}

/** Minutes since midnight by the wall clock, `from` (inclusive) before `to` (exclusive). */
export interface HourSpan {
  readonly days: readonly Weekday[];
  readonly from: number;
  readonly to: number;
}

/** Days off. */
export interface AlertCalendar {
  /** Chosen by the user: 1–64 of `A–Z a–z 0–9 . _ -`. */
  readonly id: string;
  /** By date, each once. */
  readonly dates: readonly CalendarDate[];
}

export interface CalendarDate {
  /** `2026-12-25`. */
  readonly date: string;
  /** For people; empty for none. */
  readonly name: string;
}

/** The JSON form, in one spelling. */
export function scheduleToJson({ timeZone, hours, calendar }: Schedule) {
  return {
    time_zone: timeZone,
    hours: hours.map(({ days, from, to }) => ({
      days: [...days],
      from: minuteText(from),
      to: minuteText(to),
    })),
    ...(calendar !== undefined && { calendar }),
  };
}

export function calendarToJson({ id, dates }: AlertCalendar) {
  return { id, dates: dates.map(({ date, name }) => ({ date, name: name === "" ? null : name })) };
}

/** `08:00`, up to `24:00`. */
function minuteText(minutes: number): string {
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
