/** The hours of a rule, in a time zone, without the days of a calendar. */
import { useRead } from "../../../data/resource.ts";
import { Checks, Field, Select } from "../../../parts/fields.tsx";
import type { Hours, Schedule } from "./rule.ts";

interface ScheduleFieldsProps {
  readonly schedule: Schedule | undefined;
  set(schedule: Schedule | undefined): void;
}

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const workdays: Hours = { days: weekdays.slice(0, 5), from: "08:00", to: "18:00" };

export function ScheduleFields({ schedule, set }: ScheduleFieldsProps) {
  return (
    <fieldset class="schedule">
      <legend>Hours</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={schedule !== undefined}
          onChange={({ currentTarget }) =>
            set(
              currentTarget.checked
                ? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, hours: [workdays] }
                : undefined,
            )
          }
        />
        Notify at some hours only
      </label>
      {schedule !== undefined && <Spans schedule={schedule} set={set} />}
    </fieldset>
  );
}

function Spans({ schedule, set }: { schedule: Schedule; set(schedule: Schedule): void }) {
  const { data } = useRead("listAlertCalendars", { limit: 1_000 });
  const change = (changes: object) => set({ ...schedule, ...changes });
  const { hours } = schedule;
  return (
    <>
      <div class="row">
        <Field
          label="Time zone"
          list="time-zones"
          value={schedule.time_zone}
          set={(time_zone) => change({ time_zone })}
        />
        <datalist id="time-zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <Select
          label="Days off"
          value={schedule.calendar ?? ""}
          values={[["", "none"], ...(data?.calendars ?? []).map(({ id }) => [id, id] as const)]}
          choose={(calendar) => change({ calendar: calendar === "" ? undefined : calendar })}
        />
      </div>
      {hours.map((span, index) => {
        const put = (changes: object) =>
          change({ hours: hours.map((one, at) => (at === index ? { ...one, ...changes } : one)) });
        return (
          <div class="row" key={index}>
            <Checks label="Days" values={weekdays} chosen={span.days} set={(days) => put({ days })} />
            <Field label="from" value={span.from} placeholder="08:00" set={(from) => put({ from })} />
            <Field label="to" value={span.to} placeholder="18:00" set={(end) => put({ to: end })} />
            {hours.length > 1 && (
              <button
                type="button"
                class="button quiet"
                onClick={() => change({ hours: hours.filter((_, at) => at !== index) })}
              >
                Remove
              </button>
            )}
          </div>
        );
      })}
      <button type="button" class="button quiet" onClick={() => change({ hours: [...hours, workdays] })}>
        More hours
      </button>
    </>
  );
}
