/** What was sent, and what was not: every notification with every attempt. */
import { useList } from "../../data/list.ts";
import { parameter } from "../../data/route.ts";
import { SelectFilter, TextFilter } from "../../parts/filters.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { DeliveryRow } from "../incident/delivery-row.tsx";

const refreshMs = 5_000;
const states = ["pending", "delivered", "failed", "silenced", "superseded"];

export function Deliveries() {
  const given = { sink: parameter("sink"), state: parameter("state"), limit: 100 };
  const { rows, pending, error, more, reload } = useList(
    "listAlertDeliveries",
    given,
    ({ deliveries }) => deliveries,
    refreshMs,
  );
  return (
    <>
      <div class="filters">
        <TextFilter name="sink" label="Sink" />
        <SelectFilter
          name="state"
          label="State"
          all="Any state"
          values={states.map((one) => [one, one] as const)}
        />
      </div>
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
