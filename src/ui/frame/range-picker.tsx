/** The range of time of a screen, and the zone of its times. */
import { useSignal } from "@preact/signals";
import { type Range, rangeAddress, ranges, rangeText } from "../data/range.ts";
import { go, here } from "../data/route.ts";
import { setUtc, utc, zoneName } from "../data/text.ts";
import { Choice } from "../parts/choice.tsx";

export function RangePicker({ range, values = ranges }: { range: Range; values?: readonly string[] }) {
  const own = useSignal(false);
  const chosen = own.value || range.last === undefined ? "own" : range.last;
  return (
    <div class="range">
      <Choice
        label="Range of time"
        chosen={chosen}
        values={[
          ...values.map((value) => ({ value, text: value })),
          { value: "own", text: range.last === undefined ? rangeText(range) : "From … to" },
        ]}
        choose={(value) => {
          own.value = value === "own" && !own.value;
          if (value !== "own") go(rangeAddress(value));
        }}
      />
      {own.value && (
        <form
          class="own"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const [since, until] = [timeOf(form.get("since")), timeOf(form.get("until"))];
            own.value = false;
            if (since !== undefined) go(here({ range: undefined, since, until, cursor: undefined }));
          }}
        >
          <label>
            From
            <input type="datetime-local" name="since" step="1" required defaultValue={inputOf(range.since)} />
          </label>
          <label>
            to
            <input type="datetime-local" name="until" step="1" defaultValue={inputOf(range.until)} />
          </label>
          <span class="muted">{zoneName()}</span>
          <button class="button" type="submit">
            Show
          </button>
        </form>
      )}
    </div>
  );
}

export function ZoneSwitch() {
  return (
    <button
      type="button"
      class="button quiet"
      title={
        utc.value ? "Times are in UTC. Show them in my zone." : "Times are in your zone. Show them in UTC."
      }
      onClick={() => setUtc(!utc.value)}
    >
      {zoneName()}
    </button>
  );
}

function timeOf(text: FormDataEntryValue | null): string | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  const time = new Date(utc.value ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function inputOf(time: string | undefined): string {
  if (time === undefined) return "";
  const at = new Date(time);
  const shifted = utc.value ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
