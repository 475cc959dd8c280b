/** Erasures of apps, and how far they are. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useList } from "../../data/list.ts";
import { to } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Export } from "../../parts/export.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";

type Erasure = AnswerOf<"listErasures">["erasures"][number];

/** How far an erasure is; no topic has it. */
const refreshMs = 5_000;

const columns: readonly Column<Erasure>[] = [
  {
    name: "App",
    wide: true,
    cell: ({ app_id }) => (
      <a class="id" dir="auto" href={to("/system", { part: "apps", app_id })}>
        {app_id}
      </a>
    ),
    text: ({ app_id }) => app_id,
  },
  {
    name: "Asked for",
    cell: ({ requested_at }) => <Moment at={requested_at} />,
    text: ({ requested_at }) => requested_at,
  },
  {
    name: "Done",
    cell: ({ done_at }) =>
      done_at === null ? <Badge tone="warn">under way</Badge> : <Moment at={done_at} />,
    text: ({ done_at }) => done_at ?? "",
  },
  {
    name: "Messages",
    align: "end",
    cell: ({ messages_erased }) => <span>{countText(messages_erased)}</span>,
    text: ({ messages_erased }) => messages_erased,
  },
];

export function Erasures() {
  const { rows, pending, error, more } = useList(
    "listErasures",
    { limit: 100 },
    ({ erasures }) => erasures,
    refreshMs,
  );
  return (
    <>
      {error !== undefined && <Failure error={error} what="The erasures" />}
      {pending ? (
        <Pending what="erasures" />
      ) : rows.length > 0 ? (
        <Table
          caption="Erasures"
          columns={columns}
          rows={rows}
          keyOf={({ app_id, requested_at }) => `${requested_at} ${app_id}`}
        />
      ) : (
        error === undefined && (
          <Empty title="No app was erased">
            <p>
              What is to be forgotten is erased under <a href={to("/system", { part: "apps" })}>Apps</a>.
              Everything else goes by itself, by its retention.
            </p>
          </Empty>
        )
      )}
      {rows.length > 0 && (
        <p class="files">
          <Export
            name="listErasures"
            given={{}}
            rowsOf={({ erasures }) => erasures}
            columns={columns}
            file="erasures"
          />
        </p>
      )}
      <More more={more} />
    </>
  );
}
