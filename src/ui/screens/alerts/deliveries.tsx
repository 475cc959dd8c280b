/** What was sent, and what was not: every notification with every attempt. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useList } from "../../data/list.ts";
import { parameter } from "../../data/route.ts";
import { Export, type FileColumn } from "../../parts/export.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { SelectFilter, TextFilter } from "../../parts/filters.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { DeliveryRow } from "../incidents/delivery-row.tsx";

/** No topic has the attempts at a delivery. */
const refreshMs = 5_000;
const states = ["pending", "delivered", "failed", "silenced", "superseded"];

type Delivery = AnswerOf<"listAlertDeliveries">["deliveries"][number];

const deliveriesOf = ({ deliveries }: AnswerOf<"listAlertDeliveries">) => deliveries;

/** Of the file; the screen has each with all of its attempts. */
const columns: readonly FileColumn<Delivery>[] = [
  { name: "Created", text: ({ created_at }) => created_at },
  { name: "Type", text: ({ type }) => type },
  { name: "Sink", text: ({ sink }) => sink },
  { name: "State", text: ({ state }) => state },
  { name: "Attempts", text: ({ attempts }) => attempts.length },
  { name: "Last error", text: ({ attempts }) => attempts.at(-1)?.error ?? "" },
  { name: "Text", text: ({ text }) => text },
];

export function Deliveries() {
  const given = { sink: parameter("sink"), state: parameter("state"), limit: 100 };
  const { rows, pending, error, more, reload } = useList(
    "listAlertDeliveries",
    given,
    deliveriesOf,
    refreshMs,
  );
  return (
    <>
      <FilterBar
        names={["sink", "state"]}
        end={
          <Export
            name="listAlertDeliveries"
            given={given}
            rowsOf={deliveriesOf}
            columns={columns}
            file="deliveries"
          />
        }
      >
        <TextFilter name="sink" label="Sink" />
        <SelectFilter
          name="state"
          label="State"
          all="Any state"
          values={states.map((one) => [one, one] as const)}
        />
      </FilterBar>
      {error !== undefined && <Failure error={error} what="The deliveries" />}
      {pending ? (
        <Pending what="deliveries" />
      ) : rows.length > 0 ? (
        <ol class="deliveries">
          {rows.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} changed={reload} />
          ))}
        </ol>
      ) : (
        error === undefined && (
          <Empty title="Nothing was sent">
            <p>Notifications of rules appear here, with every attempt and what the receiver answered.</p>
          </Empty>
        )
      )}
      <More more={more} />
    </>
  );
}
