/** What is stuck now: groups by app and hop, and the messages of one. */
import type { AnswerOf } from "../../api/operation-types.ts";
import { now, setClock } from "../data/clock.ts";
import { useList } from "../data/list.ts";
import { useRead } from "../data/resource.ts";
import { here, messageAddress, parameter, to } from "../data/route.ts";
import { sum } from "../data/sum.ts";
import { countText, durationText, shortDuration } from "../data/text.ts";
import { Page } from "../frame/page.tsx";
import { Export } from "../parts/export.tsx";
import { AppFilter } from "../parts/filters.tsx";
import { More } from "../parts/more.tsx";
import { Empty, Failure, Pending } from "../parts/notice.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Moment } from "../parts/time.tsx";
import { TriageButtons } from "../parts/triage.tsx";
import { GroupTable } from "./groups.tsx";

const refreshMs = 3_000;

export default function Stuck() {
  const stage = parameter("stage");
  return stage === undefined ? <Groups /> : <OneGroup stage={stage} />;
}

function Groups() {
  const { data, error, pending } = useRead(
    "listOverdueGroups",
    { app_id: parameter("app_id"), limit: 200 },
    { everyMs: refreshMs },
  );
  if (data !== undefined) setClock(data.clock);
  const groups = data?.groups ?? [];
  const [all, fresh] = [sum(groups.map(({ total }) => total)), sum(groups.map((group) => group.new))];
  return (
    <Page title="Stuck now">
      <div class="filters">
        <AppFilter />
        {groups.length > 0 && (
          <p class="lead" role="status">
            {countText(all)} stages are overdue, {countText(fresh)} of them since the last 15 minutes.
          </p>
        )}
      </div>
      {error !== undefined && <Failure error={error} what="What is stuck" />}
      {pending ? (
        <Pending what="what is stuck" rows={8} />
      ) : groups.length > 0 ? (
        <GroupTable groups={groups} />
      ) : null}
      {!pending && groups.length === 0 && error === undefined && (
        <Empty title="Nothing is stuck">
          <p>
            Every message that has a lifecycle is in time. Messages of apps without one are never late:{" "}
            <a href="/lifecycles">give them one.</a>
          </p>
        </Empty>
      )}
    </Page>
  );
}

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
  { name: "App", cell: ({ app_id }) => app_id, text: ({ app_id }) => app_id },
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
    cell: ({ hop_p99_ms }) => (hop_p99_ms === null ? "" : shortDuration(hop_p99_ms)),
    text: ({ hop_p99_ms }) => hop_p99_ms ?? "",
  },
];

function OneGroup({ stage }: { stage: string }) {
  const [app, after] = [parameter("app_id"), parameter("after")];
  const given = { app_id: app, stage, limit: 100 };
  const { rows, pending, error, more, reload } = useList(
    "listOverdue",
    given,
    ({ overdue }) => overdue,
    refreshMs,
  );
  const groups = useRead("listOverdueGroups", { app_id: app, limit: 200 }, { everyMs: refreshMs });
  const group = groups.data?.groups.find(
    (one) => one.stage === stage && (after === undefined || one.after === after),
  );
  return (
    <Page
      title={`${after === undefined ? "" : `${after} → `}${stage}`}
      controls={
        <>
          {app !== undefined && rows.length > 0 && (
            <TriageButtons
              of={{ group: { app_id: app, stage, after: after ?? null } }}
              what={`All stuck at ${stage}`}
              changed={() => {
                reload();
                groups.reload();
              }}
            />
          )}
          <Export name="listOverdue" given={given} columns={columns} file={`stuck-${stage}`} />
        </>
      }
    >
      <p class="crumbs">
        <a href={to("/stuck", { app_id: app })}>Stuck now</a> › {app ?? "all apps"}
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
              <dd>99 of 100 within {shortDuration(group.normal_p99_ms)}</dd>
            </div>
          )}
          <div>
            <dt>Where else</dt>
            <dd>
              <a href={to("/flow", { app_id: app })}>Flow</a> ·{" "}
              <a href={to("/latency", { app_id: app, stage })}>Latency</a> ·{" "}
              <a href={here({ stage: undefined, after: undefined })}>All stages</a>
            </dd>
          </div>
        </dl>
      )}
      {error !== undefined && <Failure error={error} what="The list" />}
      {pending ? (
        <Pending what="messages" rows={10} />
      ) : rows.length > 0 ? (
        <Table
          caption="Overdue messages, the longest first"
          columns={columns}
          rows={rows}
          keyOf={({ id }) => id}
        />
      ) : (
        error === undefined && (
          <Empty title="Nothing is stuck here any more">
            <p>What was missing has come, or the messages have ended.</p>
          </Empty>
        )
      )}
      <More more={more} />
    </Page>
  );
}
