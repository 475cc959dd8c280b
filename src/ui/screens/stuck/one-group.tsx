/** The messages that are stuck at one hop. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { normalDays } from "../../../core/normal.ts";
import { attributeFilters, attributeParameters } from "../../data/attribute-filters.ts";
import { now } from "../../data/clock.ts";
import { findingsTopic, useFollow } from "../../data/follow.ts";
import { useList } from "../../data/list.ts";
import { picksMax } from "../../data/pick-text.ts";
import { nothingPicked, pick, picks } from "../../data/picks.ts";
import { useRead } from "../../data/resource.ts";
import { here, messageAddress, parameter, to } from "../../data/route.ts";
import { countText, durationText, shortDuration } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { AppName } from "../../parts/app-name.tsx";
import { AttributeFilter } from "../../parts/attribute-filter.tsx";
import { Export } from "../../parts/export.tsx";
import { FilterBar, isFiltered } from "../../parts/filter-bar.tsx";
import { SelectFilter } from "../../parts/filters.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";
import { TriageButtons } from "../../parts/triage.tsx";
import { TriageFilter } from "./triage-filter.tsx";

/** What comes, and what others mark, is live; ages and their filter move with the clock. */
const refreshMs = 15_000;
/** Findings that come together cause one read. */
const gatherMs = 300;

/** The filters of one group's messages. */
const rowFilters = ["age", "triage"];

/** Ages by which groups are counted, too, as bounds of when it was due. */
const ages: Readonly<Record<string, { readonly text: string; readonly due: object }>> = {
  "0s": { text: "under 15 min", due: { due_since: "15m" } },
  "15m": { text: "15 min to 1 h", due: { due_since: "1h", due_until: "15m" } },
  "1h": { text: "1 to 6 h", due: { due_since: "6h", due_until: "1h" } },
  "6h": { text: "6 h to 1 day", due: { due_since: "1d", due_until: "6h" } },
  "1d": { text: "1 to 7 days", due: { due_since: "7d", due_until: "1d" } },
  "7d": { text: "over 7 days", due: { due_until: "7d" } },
};

type Overdue = AnswerOf<"listOverdue">["overdue"][number];

const columns: readonly Column<Overdue>[] = [
  {
    name: "Message",
    wide: true,
    cell: (one) => (
      <a class="id" href={messageAddress(one)}>
        {one.message_id}
      </a>
    ),
    text: ({ message_id }) => message_id,
  },
  { name: "App", cell: ({ app_id }) => <AppName id={app_id} />, text: ({ app_id }) => app_id },
  {
    name: "Waits for",
    cell: ({ stage, owed }) => (
      <>
        <code>{stage}</code>
        {owed !== null && (
          <span class="also">
            {owed.received} of {owed.expected}
            {owed.missing.length > 0 && `, missing ${owed.missing.slice(0, 3).join(", ")}`}
          </span>
        )}
      </>
    ),
    text: ({ stage }) => stage,
  },
  { name: "Due", cell: ({ due_at }) => <Moment at={due_at} />, text: ({ due_at }) => due_at },
  {
    name: "Overdue for",
    align: "end",
    cell: ({ due_at }) => (
      <strong class="bad">
        {durationText(Math.floor(Math.max(0, now.value - Date.parse(due_at)) / 1000) * 1000)}
      </strong>
    ),
    text: ({ overdue_for_ms }) => overdue_for_ms,
  },
  {
    name: "Normal p99",
    align: "end",
    title: `99 of 100 took no longer in the last ${normalDays} days`,
    cell: ({ hop_p99_ms }) => (hop_p99_ms === null ? "" : shortDuration(hop_p99_ms)),
    text: ({ hop_p99_ms }) => hop_p99_ms ?? "",
  },
];

const overdueOf = ({ overdue }: AnswerOf<"listOverdue">) => overdue;

export function OneGroup({ stage }: { stage: string }) {
  const [app, after] = [parameter("app_id"), parameter("after")];
  /** What the list is filtered by, and so what is done with all of it. */
  const filters = {
    triage: parameter("triage"),
    attributes: attributeFilters(),
    ...ages[parameter("age") ?? ""]?.due,
  };
  const given = { app_id: app, stage, after, ...filters, limit: 100 };
  const picked = picks();
  const { rows, pending, error, more, reload, refresh } = useList("listOverdue", given, overdueOf, refreshMs);
  const groups = useRead(
    "listOverdueGroups",
    { app_id: app, attributes: filters.attributes, limit: 200 },
    { everyMs: refreshMs },
  );
  const group = groups.data?.groups.find(
    (one) => one.stage === stage && (after === undefined || one.after === after),
  );
  useFollow({
    topic: findingsTopic(app),
    asOfSeq: "now",
    gatherMs,
    reload() {
      refresh();
      groups.reload();
    },
  });
  const filtered = isFiltered(rowFilters);
  const hidden = picked.size - rows.filter(({ id }) => picked.has(id)).length;
  const changed = () => {
    pick([]);
    reload();
    groups.reload();
  };
  return (
    <Page
      title={`${after === undefined ? "" : `${after} → `}${stage}`}
      controls={
        picked.size > 0 ? (
          <>
            <span class="muted" role="status">
              {countText(picked.size)} picked
              {hidden > 0 && !pending && `, ${countText(hidden)} of them not in the list below`}
            </span>
            <TriageButtons
              of={{ findings: [...picked] }}
              what={`${countText(picked.size)} picked`}
              changed={changed}
            />
          </>
        ) : (
          app !== undefined &&
          rows.length > 0 && (
            <TriageButtons
              of={{
                group: { app_id: app, stage, after, ...filters },
              }}
              what={`All stuck at ${stage}${filtered ? " that match the filters" : ""}`}
              asks
              changed={changed}
            />
          )
        )
      }
    >
      <p class="crumbs">
        <a href={to("/stuck", { app_id: app, ...attributeParameters() })}>Stuck now</a> › {app ?? "all apps"}
      </p>
      {group !== undefined && (
        <dl class="facts">
          <div>
            <dt>New</dt>
            <dd>
              <strong class={group.new > 0 ? "bad" : ""}>{countText(group.new)}</strong>
            </dd>
          </div>
          <div>
            <dt>All</dt>
            <dd>
              {countText(group.total)}
              {group.acknowledged > 0 && (
                <span class="muted">, {countText(group.acknowledged)} acknowledged</span>
              )}
            </dd>
          </div>
          {group.normal_p99_ms !== null && (
            <div>
              <dt>Normally</dt>
              <dd>
                99 of 100 within {shortDuration(group.normal_p99_ms)} in {normalDays} days
              </dd>
            </div>
          )}
          <div>
            <dt>Where else</dt>
            <dd>
              <a href={to("/flow", { app_id: app })}>Flow</a> ·{" "}
              <a href={to("/latency", { app_id: app, stage })}>Latency</a> ·{" "}
              <a href={here({ stage: undefined, after: undefined, ...nothingPicked })}>All stages</a>
            </dd>
          </div>
        </dl>
      )}
      <FilterBar
        names={rowFilters}
        end={
          <Export
            name="listOverdue"
            given={given}
            rowsOf={overdueOf}
            columns={columns}
            file={`stuck-${stage}`}
          />
        }
      >
        <SelectFilter
          name="age"
          label="Overdue for"
          all="Any time"
          values={Object.entries(ages).map(([value, { text }]) => [value, text] as const)}
        />
        <TriageFilter />
        <AttributeFilter />
        <PickAll rows={rows} picked={picked} />
      </FilterBar>
      {error !== undefined && <Failure error={error} what="The list" />}
      {pending ? (
        <Pending what="messages" rows={10} />
      ) : rows.length > 0 ? (
        <Table
          caption="Overdue messages, the longest first"
          columns={shownColumns(app, rows)}
          rows={rows}
          keyOf={({ id }) => id}
          picked={picked}
          pick={(id, on) => {
            const kept = [...picked].filter((one) => one !== id);
            pick(on ? [...kept, id] : kept);
          }}
        />
      ) : (
        error === undefined &&
        (filtered ? (
          <Empty title="Nothing stuck here matches">
            <p>Take a filter away.</p>
          </Empty>
        ) : (
          <Empty title="Nothing is stuck here any more">
            <p>What was missing has come, or the messages have ended.</p>
          </Empty>
        ))
      )}
      <More more={more} />
    </Page>
  );
}

/** Without those that have the same in each row, which the title says; files have them. */
function shownColumns(app: string | undefined, rows: readonly Overdue[]): readonly Column<Overdue>[] {
  const owed = rows.some((row) => row.owed !== null);
  return columns.filter(
    ({ name }) => !(name === "App" && app !== undefined) && (name !== "Waits for" || owed),
  );
}

function PickAll({ rows, picked }: { rows: readonly Overdue[]; picked: ReadonlySet<number> }) {
  if (rows.length === 0 && picked.size === 0) return null;
  const ids = rows.slice(0, picksMax).map(({ id }) => id);
  const all = ids.every((id) => picked.has(id));
  return (
    <button type="button" class="button quiet" onClick={() => pick(all ? [] : ids)}>
      {all ? "Pick none" : `Pick ${countText(ids.length)} shown`}
    </button>
  );
}
