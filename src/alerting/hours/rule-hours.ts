/** The hours of rules, and until when an incident is silent by them, by a silence or by a snooze. Pure. */
import type { Micros } from "../../core/event.ts";
import type { Incident } from "../incident.ts";
import type { AlertRule } from "../rule.ts";
import { type AlertSilence, silences } from "../silence.ts";
import { ActiveHours, isTimeZone } from "./active-hours.ts";
import type { AlertCalendar } from "./schedule.ts";

/** By the rule's id; of rules without a schedule none. */
export type RuleHours = ReadonlyMap<string, ActiveHours>;

export function hoursOf(rules: Iterable<AlertRule>, calendars: readonly AlertCalendar[]): RuleHours {
  const daysOff = new Map(calendars.map(({ id, dates }) => [id, new Set(dates.map(({ date }) => date))]));
  const hours = new Map<string, ActiveHours>();
  for (const { id, schedule } of rules) {
    // A time zone that is gone with an update of the runtime: better to notify at any time than never.
    if (schedule === undefined || !isTimeZone(schedule.timeZone)) continue;
    hours.set(id, new ActiveHours(schedule, daysOff.get(schedule.calendar ?? "") ?? new Set()));
  }
  return hours;
}

/** @returns the end of the silences that match, that of its snooze, or when the rule's hours begin; absent where it is not silent */
export function silentUntil(
  incident: Incident,
  { silences: all, hours }: { readonly silences: readonly AlertSilence[]; readonly hours: RuleHours },
  clock: Micros,
): Micros | undefined {
  const ends = all
    .filter((silence) => silence.until > clock && silences(silence, incident))
    .map(({ until }) => until);
  if (incident.snoozedUntil > clock) ends.push(incident.snoozedUntil);
  const active = hours.get(incident.rule);
  if (active !== undefined) {
    const at = active.nextActive(Math.max(clock, ...ends)) ?? Number.MAX_SAFE_INTEGER;
    if (at > clock) ends.push(at);
  }
  return ends.length === 0 ? undefined : Math.max(...ends);
}
