/** The way of an event through Mars, and what waits at each step of it. */
import type { Stats } from "../../../../api/stats.ts";
import { sum } from "../../../data/sum.ts";
import { bytesText, countText } from "../../../data/text.ts";
import { Bars } from "../../../parts/bars.tsx";
import { type Column, Table } from "../../../parts/table.tsx";

interface Step {
  readonly name: string;
  readonly waits: string;
  readonly some: boolean;
  readonly about: string;
}

const columns: readonly Column<Step>[] = [
  {
    name: "Step",
    wide: true,
    cell: ({ name, about }) => (
      <>
        {name}
        <span class="also">{about}</span>
      </>
    ),
    text: ({ name }) => name,
  },
  {
    name: "Waits now",
    align: "end",
    cell: ({ waits, some }) => (some ? <strong>{waits}</strong> : <span class="muted">{waits}</span>),
    text: ({ waits }) => waits,
  },
];

export function Steps({ stats }: { stats: Stats }) {
  const { collectors, collected } = stats;
  return (
    <section class="queues" aria-labelledby="steps-title">
      <h2 id="steps-title">
        The way of an event <span class="muted">and what waits at each step</span>
      </h2>
      <Table
        file="queues"
        caption="Queues at each step"
        columns={columns}
        rows={stepsOf(stats)}
        keyOf={({ name }) => name}
      />
      {sum(collectors) > 0 && (
        <Bars
          height={48}
          values={collectors}
          label={`Events that wait in each of the ten collectors: ${collectors.join(", ")}`}
        />
      )}
      {sum(collected.times_full) > 0 && (
        <p class="muted">
          The ten collectors were full {countText(sum(collected.times_full))} times since the start.
        </p>
      )}
    </section>
  );
}

function stepsOf({
  intake,
  admission,
  event_collector_queue,
  store,
  projector,
  to_send,
  reads,
}: Stats): Step[] {
  const step = (name: string, count: number, about: string, text = countText(count)): Step => {
    return { name, waits: text, some: count > 0, about };
  };
  const { used } = intake.received;
  return [
    step("Receive", used, "bytes of requests that are read and not parsed yet", bytesText(used)),
    step("Journal", sum(admission), "events that wait to be on disk; then they are acknowledged"),
    step("Collect", event_collector_queue, "events in the ten collectors, by message"),
    step("Store", store.behind, "events that are acknowledged and not in the database yet"),
    step("Follow", projector.behind, "events that are stored and not counted in states and findings yet"),
    step("Publish", to_send.bytes, "bytes for clients that have not read them yet", bytesText(to_send.bytes)),
    step("Read", reads.waiting, "reads of clients that wait for their turn"),
  ];
}
