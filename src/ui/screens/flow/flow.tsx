/** The flow of an app: where its messages go, how long they take, and where they are lost. */
import type { ComponentChildren } from "preact";
import { rangeOf } from "../../data/range.ts";
import { useRead } from "../../data/resource.ts";
import { parameter, to } from "../../data/route.ts";
import { compactText, countText, shortDuration } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { RangePicker } from "../../frame/range-picker.tsx";
import { AppChoice } from "../../parts/app-choice.tsx";
import { ExportRows } from "../../parts/export.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { ByAttribute } from "./by-attribute.tsx";
import { FlowGraph } from "./flow-graph.tsx";
import { type FlowStage, flowOf } from "./graph.ts";

/** No topic has counts; to read them at each event would cost more. */
const refreshMs = 10_000;

export default function FlowScreen() {
  const range = rangeOf("24h");
  return (
    <Page title="Flow" controls={<RangePicker range={range} />}>
      <AppChoice>{(app) => <FlowOfApp key={app} app={app} window={range} />}</AppChoice>
    </Page>
  );
}

interface FlowProps {
  readonly app: string;
  readonly window: { readonly since: string; readonly until?: string };
}

function FlowOfApp({ app, window: { since, until } }: FlowProps) {
  const given = { app_id: app, since, ...(until !== undefined && { until }) };
  const funnel = useRead("getFunnel", given, { everyMs: refreshMs });
  const latency = useRead("getLatency", given, { everyMs: refreshMs });
  if (funnel.data === undefined) {
    return funnel.error === undefined ? (
      <Pending what="the flow" />
    ) : (
      <Failure error={funnel.error} what="The flow" />
    );
  }
  if (funnel.data.stages.length === 0) {
    return (
      <Empty title="Nothing is counted here">
        <p>
          No message of {app} that has a lifecycle began in this time.{" "}
          <a href={to("/lifecycles", { app_id: app })}>Look at its lifecycle.</a>
        </p>
      </Empty>
    );
  }
  const flow = flowOf(funnel.data, latency.data);
  const whole = latency.data?.end_to_end?.now;
  return (
    <>
      <p class="lead">
        <a href={addressOf(funnel.data.opened.messages)}>{countText(funnel.data.opened.count)} messages</a>{" "}
        began
        {whole?.p50_ms != null && whole.p95_ms != null && (
          <>
            ; half of those that ended took at most {shortDuration(whole.p50_ms)}, 95 of 100 at most{" "}
            {shortDuration(whole.p95_ms)}
          </>
        )}
        .
      </p>
      <FlowGraph flow={flow} addressOf={addressOf} />
      <Table caption="Stages" columns={columnsOf(app)} rows={flow.stages} keyOf={({ stage }) => stage} />
      <p class="files">
        <ExportRows rows={flow.stages} columns={columnsOf(app)} file={`flow-${app}`} />
      </p>
      <ByAttribute app={app} window={{ since, ...(until !== undefined && { until }) }} everyMs={refreshMs} />
    </>
  );
}

/** The screen of a list that an answer links to. */
function addressOf(path: string): string {
  const query = new URL(path, location.href).searchParams;
  return to("/messages", { ...Object.fromEntries(query), order: "newest" });
}

function columnsOf(app: string): readonly Column<FlowStage>[] {
  const linked = (
    one: { readonly count: number; readonly messages: string },
    tone: string,
  ): ComponentChildren =>
    one.count === 0 ? (
      <span class="muted">0</span>
    ) : (
      <a class={tone} href={addressOf(one.messages)}>
        {compactText(one.count)}
      </a>
    );
  const timeOf = ({ stage, after }: FlowStage, ms: number | null): ComponentChildren => {
    if (ms === null) return "";
    const hop = { app_id: app, stage, after: after ?? undefined, range: parameter("range") };
    return <a href={to("/latency", hop)}>{shortDuration(ms)}</a>;
  };
  return [
    {
      name: "Stage",
      wide: true,
      cell: ({ stage, after }) => (
        <>
          {after !== null && <span class="muted">{after} → </span>}
          <code>{stage}</code>
        </>
      ),
      text: ({ stage }) => stage,
    },
    {
      name: "Reached",
      align: "end",
      cell: ({ reached }) => linked(reached, ""),
      text: ({ reached }) => reached.count,
    },
    {
      name: "Waiting",
      align: "end",
      cell: ({ waiting }) => linked(waiting, ""),
      text: ({ waiting }) => waiting.count,
    },
    {
      name: "Overdue",
      align: "end",
      cell: ({ overdue }) => linked(overdue, "bad"),
      text: ({ overdue }) => overdue.count,
    },
    {
      name: "Never",
      align: "end",
      title: "The message ended without it",
      cell: ({ never }) => linked(never, ""),
      text: ({ never }) => never.count,
    },
    {
      name: "p50",
      align: "end",
      cell: (stage) => timeOf(stage, stage.p50Ms),
      text: ({ p50Ms }) => p50Ms ?? "",
    },
    {
      name: "p95",
      align: "end",
      cell: (stage) => timeOf(stage, stage.p95Ms),
      text: ({ p95Ms }) => p95Ms ?? "",
    },
  ];
}
