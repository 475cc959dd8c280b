/** Ways to a place among many events: their ends, the failure, a time. */
import { useSignal } from "@preact/signals";
import { utc } from "../../../data/text.ts";
import type { Place } from "../live-message.ts";

interface JumpsProps {
  readonly loading: boolean;
  readonly failedAt: string | undefined;
  jump(place: Place): void;
}

export function Jumps({ loading, failedAt, jump }: JumpsProps) {
  const time = useSignal("");
  const to = (text: string, place: Place) => (
    <button type="button" class="button quiet" disabled={loading} onClick={() => jump(place)}>
      {text}
    </button>
  );
  return (
    <form
      class="jumps"
      aria-label="Go to an event"
      onSubmit={(event) => {
        event.preventDefault();
        const at = Date.parse(utc.value ? `${time.value}Z` : time.value);
        if (!Number.isNaN(at)) jump({ at: new Date(at).toISOString() });
      }}
    >
      {to("First", "first")}
      {failedAt !== undefined && to("The failure", { at: failedAt })}
      {to("Last", "last")}
      <input
        type="datetime-local"
        step="1"
        aria-label={`From this time on, in ${utc.value ? "UTC" : "local time"}`}
        value={time.value}
        onInput={({ currentTarget }) => {
          time.value = currentTarget.value;
        }}
      />
      <button type="submit" class="button quiet" disabled={loading || time.value === ""}>
        Go
      </button>
    </form>
  );
}
