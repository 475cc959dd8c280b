/** The feed of findings, live. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { attributeFilters } from "../../data/attribute-filters.ts";
import { findingsTopic, useFollow } from "../../data/follow.ts";
import { useList } from "../../data/list.ts";
import { rangeOf } from "../../data/range.ts";
import { messageAddress, parameter } from "../../data/route.ts";
import { durationText } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { RangePicker } from "../../frame/range-picker.tsx";
import { AppName } from "../../parts/app-name.tsx";
import { AttributeFilter } from "../../parts/attribute-filter.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Export } from "../../parts/export.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { AppFilter, SelectFilter } from "../../parts/filters.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { StageFilter } from "../../parts/stage-filter.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Ago, Moment } from "../../parts/time.tsx";

export type Finding = AnswerOf<"listFindings">["findings"][number];

const filterNames = ["app_id", "kind", "state", "triage", "stage"];
const findingsOf = ({ findings }: AnswerOf<"listFindings">) => findings;
const kinds = ["missing", "late", "skipped", "failed", "abandoned"];

/** What `due_at` is the time of, by kind: a stage that failed a message was never due. */
const sinceWords: Readonly<Record<Finding["kind"], string>> = {
  missing: "due",
  late: "due",
  abandoned: "due",
  skipped: "complete without it",
  failed: "failed",
};

export const findingColumns: readonly Column<Finding>[] = [
  {
    name: "Raised",
    cell: ({ raised_at }) => <Moment at={raised_at} />,
    text: ({ raised_at }) => raised_at,
  },
  { name: "Kind", cell: ({ kind }) => <WordBadge word={kind} />, text: ({ kind }) => kind },
  {
    name: "Stage",
    cell: ({ stage, after }) => (
      <>
        {after !== null && <span class="name muted">{after} →</span>} <code class="name">{stage}</code>
      </>
    ),
    text: ({ stage }) => stage,
  },
  { name: "App", cell: ({ app_id }) => <AppName id={app_id} />, text: ({ app_id }) => app_id },
  {
    name: "Message",
    wide: true,
    cell: (finding) => (
      <a class="id" href={messageAddress(finding)}>
        {finding.message_id}
      </a>
    ),
    text: ({ message_id }) => message_id,
  },
  {
    name: "Now",
    cell: ({ state, kind, retracted_at, late_by_ms, due_at }) =>
      state === "retracted" ? (
        <>
          came after all{retracted_at !== null && " "}
          {retracted_at !== null && <Ago at={retracted_at} />}
        </>
      ) : kind === "late" ? (
        <>late by {durationText(late_by_ms ?? 0)}</>
      ) : (
        <>
          {sinceWords[kind]} <Ago at={due_at} />
        </>
      ),
    text: ({ state }) => state,
  },
];

export default function Findings() {
  const range = rangeOf("24h");
  const app = parameter("app_id");
  const given = {
    app_id: app,
    kind: parameter("kind"),
    state: parameter("state") ?? "any",
    triage: parameter("triage"),
    stage: parameter("stage"),
    attributes: attributeFilters(),
    since: range.since,
    ...(range.until !== undefined && { until: range.until }),
    limit: 100,
  };
  const { rows, pending, error, more, refresh, first } = useList("listFindings", given, findingsOf);
  const fresh = useSignal<ReadonlySet<number>>(new Set());

  useFollow({
    topic: range.until === undefined ? findingsTopic(app) : undefined,
    asOfSeq: first?.as_of_seq,
    reload: refresh,
    frame({ finding }) {
      fresh.value = new Set([...[...fresh.peek()].slice(-200), (finding as Finding).id]);
    },
  });

  return (
    <Page title="Findings" controls={<RangePicker range={range} />}>
      <FilterBar
        names={filterNames}
        end={
          <Export
            name="listFindings"
            given={given}
            rowsOf={findingsOf}
            columns={findingColumns}
            file="findings"
          />
        }
      >
        <AppFilter />
        <SelectFilter
          name="kind"
          label="Kind"
          all="Any kind"
          values={kinds.map((one) => [one, one] as const)}
        />
        <SelectFilter
          name="state"
          label="Now"
          all="All"
          values={[
            ["current", "Still so"],
            ["retracted", "Came after all"],
          ]}
        />
        <SelectFilter
          name="triage"
          label="Marked"
          all="All but resolved and ignored"
          values={[
            ["none", "By nobody"],
            ["acknowledged", "Acknowledged"],
            ["resolved", "Resolved"],
            ["ignored", "Ignored"],
            ["any", "Any or none"],
          ]}
        />
        <StageFilter />
        <AttributeFilter />
      </FilterBar>
      {error !== undefined && <Failure error={error} what="The findings" />}
      {pending ? (
        <Pending what="findings" rows={12} />
      ) : rows.length > 0 ? (
        <Table
          caption="Findings"
          columns={findingColumns}
          rows={rows}
          keyOf={({ id }) => id}
          fresh={fresh.value}
        />
      ) : (
        error === undefined && (
          <Empty title="Nothing was found">
            <p>
              Findings come from lifecycles: what should happen to a message, and by when.{" "}
              <a href="/lifecycles">Set one, or let Mars learn it.</a>
            </p>
          </Empty>
        )
      )}
      <More more={more} />
    </Page>
  );
}
