/** Calendars: days off, which hours of rules leave out. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { call, type Given } from "../../data/call.ts";
import { Empty } from "../../parts/notice.tsx";
import { PutDialog } from "../../parts/put-dialog.tsx";
import type { Column } from "../../parts/table.tsx";
import { Settings } from "./settings.tsx";

type Calendar = AnswerOf<"listAlertCalendars">["calendars"][number];

const calendarsOf = ({ calendars }: AnswerOf<"listAlertCalendars">) => calendars;

const columns: readonly Column<Calendar>[] = [
  { name: "Calendar", cell: ({ id }) => id, text: ({ id }) => id },
  {
    name: "Days off",
    wide: true,
    cell: ({ dates }) =>
      datesText(dates.slice(0, 6)) + (dates.length > 6 ? `, ${dates.length - 6} more` : ""),
    text: ({ dates }) => datesText(dates),
  },
];

export function Calendars() {
  return (
    <Settings
      name="listAlertCalendars"
      rowsOf={calendarsOf}
      what="calendar"
      whats="calendars"
      columns={columns}
      remove={({ id }) => call("deleteAlertCalendar", { id })}
      editor={(row, close, changed) => <CalendarForm {...(row && { row })} close={close} changed={changed} />}
      empty={
        <Empty title="No calendar yet">
          <p>A calendar has days off, as public holidays. The hours of a rule can leave them out.</p>
        </Empty>
      }
    />
  );
}

function datesText(dates: Calendar["dates"]): string {
  return dates.map(({ date, name }) => (name === null ? date : `${date} ${name}`)).join(", ");
}

function CalendarForm({ row, close, changed }: { row?: Calendar; close(): void; changed(): void }) {
  const text = useSignal(
    (row?.dates ?? []).map(({ date, name }) => (name === null ? date : `${date} ${name}`)).join("\n"),
  );
  return (
    <PutDialog
      title={row === undefined ? "New calendar" : `Calendar ${row.id}`}
      {...(row !== undefined && { id: row.id })}
      put={async (id) => {
        await call("putAlertCalendar", { id, dates: datesOf(text.value) } as Given<"putAlertCalendar">);
        changed();
      }}
      close={close}
    >
      <label>
        Days off, one on a line: the date, and its name
        <textarea
          rows={12}
          placeholder={"2026-12-25 Christmas\n2027-01-01 New Year"}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
      </label>
    </PutDialog>
  );
}

function datesOf(text: string): object[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [date, ...name] = line.split(/\s+/);
      return { date, ...(name.length > 0 && { name: name.join(" ") }) };
    });
}
