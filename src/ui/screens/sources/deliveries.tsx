/** The last deliveries of a source as they came, and a replay of one or of all. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { ApiError, call } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { bytesText, countText } from "../../data/text.ts";
import { say } from "../../frame/toasts.tsx";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";
import type { Paste } from "./trial.tsx";

type Delivery = AnswerOf<"listSourceDeliveries">["deliveries"][number];

const firstRows = 20;
/** As many are kept. */
const allRows = 100;

const tones: Readonly<Record<Delivery["outcome"], Tone>> = {
  accepted: "good",
  partly: "warn",
  ignored: "quiet",
  rejected: "bad",
  failed: "bad",
};

interface DeliveriesProps {
  readonly id: string;
  /** How many have come: they are read again when that changes. */
  readonly count: number;
  changed(): void;
  /** Takes one to be tried. */
  take(paste: Paste): void;
}

export function Deliveries({ id, count, changed, take }: DeliveriesProps) {
  const limit = useSignal(firstRows);
  const { data, pending, error, reload } = useRead("listSourceDeliveries", { id, limit: limit.value });
  const working = useSignal(false);
  useEffect(() => reload(), [count]);
  const rows = data?.deliveries ?? [];
  const replay = async (delivery?: number) => {
    working.value = true;
    try {
      const { accepted, ignored, rejected, failed } = await call("replaySource", { id, delivery });
      const counts = [
        `${countText(accepted)} events`,
        `${countText(ignored)} items left out`,
        `${countText(rejected)} with a rule at fault`,
        `${countText(failed)} deliveries failed`,
      ];
      say(`Mapped again: ${counts.join(", ")}.`);
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      say(`Not done: ${thrown.message}`);
    } finally {
      working.value = false;
    }
    changed();
    reload();
  };
  const columns: readonly Column<Delivery>[] = [
    { name: "Received", cell: ({ received_at }) => <Moment at={received_at} /> },
    {
      name: "Outcome",
      cell: ({ outcome, replayed_at }) => (
        <span>
          <Badge tone={tones[outcome]}>{outcome}</Badge>
          {replayed_at !== null && (
            <span class="also">
              mapped again <Moment at={replayed_at} />
            </span>
          )}
        </span>
      ),
    },
    { name: "Items", align: "end", cell: ({ items }) => countText(items) },
    { name: "Events", align: "end", cell: ({ event_count }) => countText(event_count) },
    { name: "Delivery", wide: true, cell: (delivery) => <Contents delivery={delivery} /> },
    {
      name: "",
      align: "end",
      cell: (delivery) => (
        <>
          {isWhole(delivery) && (
            <button
              type="button"
              class="button quiet"
              aria-label={`Try delivery ${delivery.id}`}
              onClick={() => take({ headers: linesOf(delivery.headers), body: delivery.body })}
            >
              Try
            </button>
          )}
          <button
            type="button"
            class="button quiet"
            disabled={working.value}
            aria-label={`Replay delivery ${delivery.id}`}
            onClick={() => void replay(delivery.id)}
          >
            Replay
          </button>
        </>
      ),
    },
  ];
  return (
    <section aria-labelledby="deliveries-title">
      <h2 id="deliveries-title">Last deliveries</h2>
      {error !== undefined && <Failure error={error} what="Deliveries" />}
      {pending ? (
        <Pending what="deliveries" />
      ) : rows.length > 0 ? (
        <Table caption="Last deliveries" columns={columns} rows={rows} keyOf={(one) => one.id} />
      ) : (
        error === undefined && (
          <Empty title="No delivery is kept">
            <p>Give the address to the sender. Deliveries that are verified appear here.</p>
          </Empty>
        )
      )}
      {rows.length > 0 && (
        <p class="actions">
          <button type="button" class="button" disabled={working.value} onClick={() => void replay()}>
            Replay all that are kept
          </button>
          {rows.length === firstRows && limit.value === firstRows && (
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                limit.value = allRows;
              }}
            >
              Show all
            </button>
          )}
          <span class="muted">By the saved definition. Events that were accepted before are repeats.</span>
        </p>
      )}
    </section>
  );
}

function Contents({ delivery }: { delivery: Delivery }) {
  const { reason, body, bytes, headers } = delivery;
  return (
    <div>
      {reason !== null && <p>{reason}</p>}
      <details>
        <summary>
          The body, {bytesText(bytes)}
          {!isWhole(delivery) && ", of which the beginning is shown"}
        </summary>
        <pre>{linesOf(headers)}</pre>
        <pre>{body}</pre>
      </details>
    </div>
  );
}

/** What is shown is all of it, and text. */
function isWhole({ body, bytes }: Delivery): boolean {
  return new TextEncoder().encode(body).byteLength === bytes;
}

function linesOf(headers: Delivery["headers"]): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
