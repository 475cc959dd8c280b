/** Messages by filters. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { attributeFilters } from "../../data/attribute-filters.ts";
import { useList } from "../../data/list.ts";
import { rangeOf } from "../../data/range.ts";
import { parameter } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { RangePicker } from "../../frame/range-picker.tsx";
import { AttributeFilter } from "../../parts/attribute-filter.tsx";
import { Export } from "../../parts/export.tsx";
import { FilterBar, isFiltered } from "../../parts/filter-bar.tsx";
import { AppFilter, SelectFilter, TextFilter } from "../../parts/filters.tsx";
import { FirstEvent } from "../../parts/first-event.tsx";
import { MessageTable, messageColumns } from "../../parts/message-table.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { StageFilter } from "../../parts/stage-filter.tsx";
import { EventFilter, IdFilter } from "../../parts/text-suggestions.tsx";

/** A message moves in and out of the filters with time alone; a topic has each event, which may be hundreds a second. */
const refreshMs = 3_000;
const states = ["open", "overdue", "complete", "failed", "abandoned", "closed", "untracked"];

const messagesOf = ({ messages }: AnswerOf<"listMessages">) => messages;

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
  const filtered = isFiltered(Object.keys(filters));
  const given = {
    ...filters,
    // A stage is asked for with how messages stand with it.
    stage_state: filters.stage === undefined ? undefined : (filters.stage_state ?? "reached"),
    attributes: attributeFilters(),
    order: parameter("order") ?? "updated",
    limit: 100,
    since: range.since,
    ...(range.until !== undefined && { until: range.until }),
  };
  const { rows, pending, error, more } = useList("listMessages", given, messagesOf, refreshMs);
  return (
    <Page title="Messages" controls={<RangePicker range={range} />}>
      <FilterBar
        names={Object.keys(filters)}
        end={
          <Export
            name="listMessages"
            given={given}
            rowsOf={messagesOf}
            columns={messageColumns}
            file="messages"
          />
        }
      >
        <AppFilter />
        <SelectFilter
          name="state"
          label="State"
          all="Any state"
          values={states.map((one) => [one, one] as const)}
        />
        <IdFilter />
        <TextFilter name="external_id" label="External id" />
        <EventFilter name="event" label="Has had" />
        <EventFilter name="missing" label="Has not had" />
        <StageFilter withState />
        <AttributeFilter />
        <SelectFilter
          name="order"
          label="Order"
          all="Last updated first"
          values={[
            ["newest", "Newest first"],
            ["oldest", "Oldest first"],
          ]}
        />
      </FilterBar>
      {filters.after !== undefined && (
        <p class="lead">
          After <code>{filters.after}</code>
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
