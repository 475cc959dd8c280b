/** How far the clocks are off that report an app's events. */
import type { AnswerOf } from "../../../../api/operation-types.ts";
import { useRead } from "../../../data/resource.ts";
import { countText, shortDuration } from "../../../data/text.ts";
import { Failure, Pending } from "../../../parts/notice.tsx";
import { type Column, Table } from "../../../parts/table.tsx";

type Event = AnswerOf<"getSkew">["events"][number];

const columns: readonly Column<Event>[] = [
  { name: "Event", cell: ({ event }) => <code dir="auto">{event}</code>, text: ({ event }) => event },
  {
    name: "Clock",
    title: "By how much the producer's clock is ahead (+) or behind (−), at least",
    align: "end",
    cell: ({ skew_ms }) => <span>{skew_ms === null ? "–" : signed(skew_ms)}</span>,
    text: ({ skew_ms }) => skew_ms ?? "",
  },
  {
    name: "Delay",
    title: "From created_at to the receipt: the shortest, and the median",
    align: "end",
    cell: ({ delay_min_ms, delay_median_ms }) => (
      <span>
        {delay_min_ms === null || delay_median_ms === null
          ? "–"
          : `${shortDuration(delay_min_ms)} … ${shortDuration(delay_median_ms)}`}
      </span>
    ),
    text: ({ delay_min_ms, delay_median_ms }) => `${delay_min_ms ?? ""} … ${delay_median_ms ?? ""}`,
  },
  {
    name: "Reports",
    title: "With a time of their own that is no older than a day",
    align: "end",
    cell: ({ samples }) => <span>{countText(samples)}</span>,
    text: ({ samples }) => samples,
  },
  {
    name: "What to look at",
    wide: true,
    cell: ({ hint }) => <span>{hint}</span>,
    text: ({ hint }) => hint ?? "",
  },
];

export function Clocks({ app }: { app: string }) {
  const { data, error } = useRead("getSkew", { app_id: app });
  return (
    <section aria-labelledby="clocks-title">
      <h2 id="clocks-title">
        Clocks of its producers{" "}
        {data !== undefined && <span class="muted">by the latest {countText(data.messages)} messages</span>}
      </h2>
      {error !== undefined && <Failure error={error} what="The clocks" />}
      {data === undefined && error === undefined && <Pending what="the clocks" rows={4} />}
      {data !== undefined &&
        (data.events.length === 0 ? (
          <p class="muted">There is no message to look at.</p>
        ) : (
          <Table
            file="clocks"
            caption="Clocks"
            columns={columns}
            rows={data.events}
            keyOf={({ event }) => event}
          />
        ))}
    </section>
  );
}

function signed(ms: number): string {
  return ms > 0 ? `+${shortDuration(ms)}` : ms < 0 ? `−${shortDuration(-ms)}` : "0";
}
