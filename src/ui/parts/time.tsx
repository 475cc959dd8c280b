/** Times and durations. The instant itself, in UTC, is always in the title. */
import { now } from "../data/clock.ts";
import { agoText, clockText, dayText, exactText, momentText, preciseClockText, utc } from "../data/text.ts";

interface TimeProps {
  readonly at: string;
}

/** `12 s ago`, moving. */
export function Ago({ at }: TimeProps) {
  return (
    <time dateTime={at} title={exactText(at)}>
      {agoText(at, now.value)}
    </time>
  );
}

/** The time of day of what is of today; else the date with it. */
export function Moment({ at }: TimeProps) {
  // Read here, so that this moves where the zone is changed.
  const zone = utc.value;
  const recent = dayText(at) === dayText(new Date(now.peek()).toISOString());
  return (
    <time dateTime={at} title={exactText(at)} data-utc={zone}>
      {recent ? clockText(at) : momentText(at)}
    </time>
  );
}

/** The time of day to the millisecond. */
export function Precise({ at }: TimeProps) {
  const zone = utc.value;
  return (
    <time dateTime={at} title={exactText(at)} data-utc={zone}>
      {preciseClockText(at)}
    </time>
  );
}
