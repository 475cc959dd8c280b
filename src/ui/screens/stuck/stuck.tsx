/** What is stuck now: groups by app and hop, and the messages of one. */
import { attributeFilters } from "../../data/attribute-filters.ts";
import { setClock } from "../../data/clock.ts";
import { findingsTopic, useFollow } from "../../data/follow.ts";
import { useRead } from "../../data/resource.ts";
import { parameter } from "../../data/route.ts";
import { sum } from "../../data/sum.ts";
import { countText } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { AttributeFilter } from "../../parts/attribute-filter.tsx";
import { ExportRows } from "../../parts/export.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { AppFilter } from "../../parts/filters.tsx";
import { GroupTable, groupColumns } from "../../parts/group-table.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";

import { OneGroup } from "./one-group.tsx";
import { TriageFilter } from "./triage-filter.tsx";

/** What comes, and what people mark, is live; ages move with the clock. */
const refreshMs = 15_000;
/** Findings that come together cause one read. */
const gatherMs = 300;

export default function Stuck() {
  const stage = parameter("stage");
  return stage === undefined ? <Groups /> : <OneGroup stage={stage} />;
}

function Groups() {
  const { data, error, pending, reload } = useRead(
    "listOverdueGroups",
    {
      app_id: parameter("app_id"),
      triage: parameter("triage"),
      attributes: attributeFilters(),
      limit: 200,
    },
    { everyMs: refreshMs },
  );
  useFollow({ topic: findingsTopic(parameter("app_id")), asOfSeq: "now", gatherMs, reload });
  if (data !== undefined) setClock(data.clock);
  const groups = data?.groups ?? [];
  const [all, fresh] = [sum(groups.map(({ total }) => total)), sum(groups.map((group) => group.new))];
  return (
    <Page title="Stuck now">
      <FilterBar
        names={["app_id", "triage"]}
        end={<ExportRows rows={groups} columns={groupColumns} file="stuck" />}
      >
        <AppFilter />
        <TriageFilter />
        <AttributeFilter />
        {groups.length > 0 && (
          <p class="lead" role="status">
            {countText(all)} overdue at {countText(groups.length)} {groups.length === 1 ? "stage" : "stages"},{" "}
            {countText(fresh)} of them new in 15 minutes.
          </p>
        )}
      </FilterBar>
      {error !== undefined && <Failure error={error} what="What is stuck" />}
      {data?.partial && <p class="lead">There are more than are counted: the latest are.</p>}
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
