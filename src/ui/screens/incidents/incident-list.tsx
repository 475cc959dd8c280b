/** Incidents: the active ones, then the latest that ended. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { findingsTopic, incidentsTopic, useFollow } from "../../data/follow.ts";
import { useList } from "../../data/list.ts";
import { parameter, to } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Export } from "../../parts/export.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { AppFilter, SelectFilter } from "../../parts/filters.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Ago } from "../../parts/time.tsx";

export type Incident = AnswerOf<"listAlertIncidents">["incidents"][number];

/** Incidents are live, and their counts move with findings; what conditions measure has no topic. */
export const refreshMs = 15_000;
/** From a finding to the counts of an incident. */
export const gatherMs = 1_000;

export function titleOf({ app_id, kind, after, stage }: Incident): string {
  return `${app_id}: ${kind} ${after === null ? "" : `${after} → `}${stage}`;
}

const example = `curl -X PUT ${location.origin}/api/alerts/sinks/team -H 'Content-Type: application/json' \\
  -d '{"type":"webhook","url":"https://example.com/hook"}'
curl -X PUT ${location.origin}/api/alerts/rules/stuck -H 'Content-Type: application/json' \\
  -d '{"kinds":["missing"],"at_least":5,"window":"5m","sinks":["team"]}'`;

const columns: readonly Column<Incident>[] = [
  {
    name: "Incident",
    wide: true,
    cell: (incident) => (
      <>
        <a href={to("/incidents", { id: String(incident.id) })}>{titleOf(incident)}</a>
        {incident.text !== null && <span class="also">{incident.text}</span>}
      </>
    ),
    text: titleOf,
  },
  {
    name: "State",
    cell: ({ state, silenced }) => (
      <>
        <WordBadge word={state} /> {silenced && <WordBadge word="silenced" />}
      </>
    ),
    text: ({ state }) => state,
  },
  {
    name: "New",
    align: "end",
    title: "Since the last notification",
    cell: ({ figures }) => (figures === null ? "" : countText(figures.new)),
    text: ({ figures }) => figures?.new ?? "",
  },
  {
    name: "All",
    align: "end",
    cell: ({ figures }) =>
      figures === null ? "" : `${countText(figures.count)}${figures.count_exceeded ? "+" : ""}`,
    text: ({ figures }) => figures?.count ?? "",
  },
  { name: "Rule", cell: ({ rule }) => rule, text: ({ rule }) => rule },
  {
    name: "Opened",
    align: "end",
    cell: ({ opened_at }) => <Ago at={opened_at} />,
    text: ({ opened_at }) => opened_at,
  },
  {
    name: "Ended",
    align: "end",
    cell: ({ closed_at }) => (closed_at === null ? "" : <Ago at={closed_at} />),
    text: ({ closed_at }) => closed_at ?? "",
  },
];

const incidentsOf = ({ incidents }: AnswerOf<"listAlertIncidents">) => incidents;

export function IncidentList() {
  const given = {
    app_id: parameter("app_id"),
    state: parameter("state"),
    rule: parameter("rule"),
    limit: 100,
  };
  const { rows, pending, error, more, refresh, first } = useList(
    "listAlertIncidents",
    given,
    incidentsOf,
    refreshMs,
  );
  useFollow({
    topic: incidentsTopic({ appId: given.app_id }),
    asOfSeq: first?.incident_seq,
    reload: refresh,
  });
  useFollow({ topic: findingsTopic(given.app_id), asOfSeq: "now", reload: refresh, gatherMs });
  return (
    <Page title="Incidents">
      <FilterBar
        names={["app_id", "state", "rule"]}
        end={
          <Export
            name="listAlertIncidents"
            given={given}
            rowsOf={incidentsOf}
            columns={columns}
            file="incidents"
          />
        }
      >
        <AppFilter />
        <SelectFilter
          name="state"
          label="State"
          all="Any state"
          values={["active", "resolved", "closed"].map((one) => [one, one] as const)}
        />
      </FilterBar>
      {error !== undefined && <Failure error={error} what="The incidents" />}
      {pending ? (
        <Pending what="incidents" rows={8} />
      ) : rows.length > 0 ? (
        <Table caption="Incidents" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="No incident">
            <p>A rule opens one when enough messages are stuck, late or failed, and notifies its sinks.</p>
            <pre>{example}</pre>
          </Empty>
        )
      )}
      <More more={more} />
    </Page>
  );
}
