/** Messages by filters. */
import { useList } from "../data/list.ts";
import { rangeOf } from "../data/range.ts";
import { here, parameter } from "../data/route.ts";
import { Page } from "../frame/page.tsx";
import { RangePicker } from "../frame/range-picker.tsx";
import { Export } from "../parts/export.tsx";
import { AppFilter, SelectFilter, TextFilter } from "../parts/filters.tsx";
import { More } from "../parts/more.tsx";
import { Empty, Failure, Pending } from "../parts/notice.tsx";
import { FirstEvent } from "./first-event.tsx";
import { MessageTable, messageColumns } from "./message-table.tsx";

const refreshMs = 3_000;
const states = ["open", "overdue", "complete", "failed", "abandoned", "closed", "untracked"];

export default function Messages() {
  const range = rangeOf("24h");
  const filters = {
    app_id: parameter("app_id"),
    prefix: parameter("prefix"),
    external_id: parameter("external_id"),
    parent_id: parameter("parent_id"),
    state: parameter("state"),
    event: parameter("event"),
    missing: parameter("missing"),
    stage: parameter("stage"),
    stage_state: parameter("stage_state"),
    after: parameter("after"),
  };
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const given = {
    ...filters,
    order: parameter("order") ?? "updated",
    limit: 100,
    since: range.since,
    ...(range.until !== undefined && { until: range.until }),
  };
  const { rows, pending, error, more } = useList(
    "listMessages",
    given,
    ({ messages }) => messages,
    refreshMs,
  );
  return (
    <Page title="Messages" controls={<RangePicker range={range} />}>
      <div class="filters">
        <AppFilter />
        <SelectFilter
          name="state"
          label="State"
          all="Any state"
          values={states.map((one) => [one, one] as const)}
        />
        <TextFilter name="prefix" label="Id begins with" />
        <TextFilter name="external_id" label="External id" />
        <TextFilter name="event" label="Has had" placeholder="event" />
        <TextFilter name="missing" label="Has not had" placeholder="event" />
        <SelectFilter
          name="order"
          label="Order"
          all="Last updated first"
          values={[
            ["newest", "Newest first"],
            ["oldest", "Oldest first"],
          ]}
        />
        <div class="end">
          {filtered && (
            <a
              class="button quiet"
              href={here(Object.fromEntries(Object.keys(filters).map((name) => [name, ""])))}
            >
              Clear
            </a>
          )}
          <Export name="listMessages" given={given} columns={messageColumns} file="messages" />
        </div>
      </div>
      {filters.stage !== undefined && (
        <p class="lead">
          {filters.stage_state ?? "At"} <code>{filters.stage}</code>
          {filters.after && (
            <>
              {" "}
              after <code>{filters.after}</code>
            </>
          )}
        </p>
      )}
      {error !== undefined && <Failure error={error} what="The list" />}
      {pending ? (
        <Pending what="messages" rows={12} />
      ) : rows.length > 0 ? (
        <MessageTable caption="Messages" messages={rows} />
      ) : filtered ? (
        <Empty title="No message matches">
          <p>Take a filter away, or look at a longer time.</p>
        </Empty>
      ) : (
        error === undefined && <FirstEvent />
      )}
      <More more={more} />
    </Page>
  );
}
