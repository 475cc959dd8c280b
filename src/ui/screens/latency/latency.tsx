/** Where time is lost: every hop against the window before, and one of them over time. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { type Range, rangeOf } from "../../data/range.ts";
import { useRead } from "../../data/resource.ts";
import { here, messageAddress, parameter } from "../../data/route.ts";
import { compactText, shortDuration } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { RangePicker } from "../../frame/range-picker.tsx";
import { AppChoice } from "../../parts/app-choice.tsx";
import { ExportRows } from "../../parts/export.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { HeatMap } from "./heat-map.tsx";
import { PercentileChart } from "./percentile-chart.tsx";

type Latency = AnswerOf<"getLatency">;
type Measured = Pick<Latency["hops"][number], "now" | "before">;
interface Row extends Measured {
  /** Empty for the whole way. */
  readonly stage: string;
  readonly after: string | null;
}

const refreshMs = 15_000;
const wholeWay = "The whole way";

export default function LatencyScreen() {
  const range = rangeOf("24h");
  return (
    <Page title="Latency" controls={<RangePicker range={range} />}>
      <AppChoice>{(app) => <LatencyOfApp key={app} app={app} range={range} />}</AppChoice>
    </Page>
  );
}

function LatencyOfApp({ app, range }: { app: string; range: Range }) {
  const window = { since: range.since, ...(range.until !== undefined && { until: range.until }) };
  const [stage, after] = [parameter("stage"), parameter("after")];
  const latency = useRead("getLatency", { app_id: app, ...window }, { everyMs: refreshMs });
  const series = useRead(
    "getLatencySeries",
    { app_id: app, ...window, stage, after: stage === undefined ? undefined : after },
    { everyMs: refreshMs },
  );
  if (latency.data === undefined) {
    return latency.error === undefined ? (
      <Pending what="latencies" />
    ) : (
      <Failure error={latency.error} what="Latencies" />
    );
  }
  const { end_to_end, hops } = latency.data;
  const whole = end_to_end === null ? [] : [{ ...end_to_end, stage: "", after: null }];
  const rows: readonly Row[] = [...whole, ...hops];
  if (rows.length === 0) {
    return (
      <Empty title="Nothing is measured here">
        <p>Latencies are those of messages that have a lifecycle, in this time.</p>
      </Empty>
    );
  }
  return (
    <>
      <section aria-labelledby="series-title">
        <h2 id="series-title">
          {stage === undefined
            ? "From the first event to completion"
            : `${after === undefined ? "" : `${after} → `}${stage}`}
        </h2>
        {series.error !== undefined && <Failure error={series.error} what="The course" />}
        {series.data !== undefined ? (
          <>
            <PercentileChart series={series.data} />
            <HeatMap series={series.data} />
          </>
        ) : (
          <Pending what="the course" rows={8} />
        )}
      </section>
      <Table
        caption="Hops"
        columns={columns}
        rows={rows}
        keyOf={(row) => `${row.after ?? ""} ${row.stage}`}
      />
      <p class="files">
        <ExportRows rows={rows} columns={columns} file={`latency-${app}`} />
      </p>
    </>
  );
}

function value(ms: number | null, example: Measured["now"]["examples"]["p50"]) {
  if (ms === null) return "";
  const text = shortDuration(ms);
  return example === null ? (
    text
  ) : (
    <a href={messageAddress(example)} title={`Such a message: ${example.message_id}`}>
      {text}
    </a>
  );
}

const columns: readonly Column<Row>[] = [
  {
    name: "Hop",
    wide: true,
    cell: ({ stage, after }) => (
      <a
        href={here({ stage: stage || undefined, after: after ?? undefined })}
        aria-current={(parameter("stage") ?? "") === stage ? "true" : undefined}
      >
        {stage === "" ? (
          wholeWay
        ) : (
          <>
            {after !== null && <span class="muted">{after} → </span>}
            <code>{stage}</code>
          </>
        )}
      </a>
    ),
    text: ({ stage, after }) => (stage === "" ? wholeWay : `${after === null ? "" : `${after} → `}${stage}`),
  },
  { name: "Messages", align: "end", cell: ({ now }) => compactText(now.count), text: ({ now }) => now.count },
  {
    name: "p50",
    align: "end",
    cell: ({ now }) => value(now.p50_ms, now.examples.p50),
    text: ({ now }) => now.p50_ms ?? "",
  },
  {
    name: "p95",
    align: "end",
    cell: ({ now }) => value(now.p95_ms, now.examples.p95),
    text: ({ now }) => now.p95_ms ?? "",
  },
  {
    name: "p99",
    align: "end",
    cell: ({ now }) => value(now.p99_ms, now.examples.p99),
    text: ({ now }) => now.p99_ms ?? "",
  },
  {
    name: "Longest",
    align: "end",
    cell: ({ now }) => (now.max_ms === null ? "" : shortDuration(now.max_ms)),
    text: ({ now }) => now.max_ms ?? "",
  },
  {
    name: "p95 before",
    align: "end",
    title: "In the window of equal length before",
    cell: ({ now, before }) =>
      before.p95_ms === null ? (
        ""
      ) : (
        <span class={now.p95_ms !== null && now.p95_ms > before.p95_ms * 1.5 ? "warn" : "muted"}>
          {shortDuration(before.p95_ms)}
          {now.p95_ms !== null && changeText(now.p95_ms, before.p95_ms)}
        </span>
      ),
    text: ({ before }) => before.p95_ms ?? "",
  },
];

function changeText(now: number, before: number): string {
  if (before <= 0) return "";
  const share = now / before;
  if (share > 0.9 && share < 1.1) return "";
  return share >= 1 ? ` ↑ ${share.toFixed(1)}×` : ` ↓ ${(1 / share).toFixed(1)}×`;
}
