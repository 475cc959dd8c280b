/** The sinks: where notifications go. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { ApiError, call, type Given } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { to } from "../../data/route.ts";
import { JsonDialog } from "../../parts/json-dialog.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";

type Sink = AnswerOf<"listAlertSinks">["sinks"][number];

const starter = { type: "webhook", url: "https://example.com/hook" };

export function Sinks() {
  const { rows, pending, error, more, reload } = useList(
    "listAlertSinks",
    { limit: 100 },
    ({ sinks }) => sinks,
  );
  const editing = useSignal<Sink | "new" | undefined>(undefined);
  const { working, run } = useAct();
  const test = (id: string) =>
    void run(async () => {
      const { success, attempt } = await call("testAlertSink", { id });
      if (!success) throw new ApiError(0, attempt.error ?? `${attempt.outcome} ${attempt.status ?? ""}`);
    }, `The test has reached ${id}.`);
  const columns: readonly Column<Sink>[] = [
    { name: "Sink", cell: ({ id }) => <a href={to("/alerts", { part: "deliveries", sink: id })}>{id}</a> },
    { name: "Kind", cell: ({ type }) => type },
    {
      name: "Goes to",
      wide: true,
      cell: ({ url, to: people }) => <span class="id">{url ?? people?.join(", ") ?? ""}</span>,
    },
    {
      name: "",
      align: "end",
      cell: (sink) => (
        <>
          <button type="button" class="button quiet" disabled={working} onClick={() => test(sink.id)}>
            Test
          </button>
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              editing.value = sink;
            }}
          >
            Edit
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={working}
            onClick={() =>
              void run(() => call("deleteAlertSink", { id: sink.id }), `Sink ${sink.id} is deleted.`).then(
                reload,
              )
            }
          >
            Delete
          </button>
        </>
      ),
    },
  ];
  return (
    <>
      <p>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            editing.value = "new";
          }}
        >
          New sink
        </button>
      </p>
      {error !== undefined && <Failure error={error} what="The sinks" />}
      {pending ? (
        <Pending what="sinks" />
      ) : rows.length > 0 ? (
        <Table caption="Sinks" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="No sink yet">
            <p>A chat, a pager, a webhook or an e-mail address that notifications go to.</p>
          </Empty>
        )
      )}
      <More more={more} />
      {editing.value !== undefined && (
        <JsonDialog
          title={editing.value === "new" ? "New sink" : `Sink ${editing.value.id}`}
          {...(editing.value !== "new" && { id: editing.value.id })}
          value={editing.value === "new" ? starter : settable(editing.value)}
          hint="type: webhook, slack, teams, discord, pagerduty, opsgenie or email. What is (hidden) stays as it is."
          put={(id, sink) => call("putAlertSink", { ...sink, id } as Given<"putAlertSink">).then(reload)}
          close={() => {
            editing.value = undefined;
          }}
        />
      )}
    </>
  );
}

function settable({ id: _, former_secret_until: __, ...sink }: Sink): object {
  return sink;
}
