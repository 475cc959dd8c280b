/** Events and messages that could not be applied: they wait for a decision. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { messageAddress } from "../../data/route.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Export } from "../../parts/export.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";

type Item = AnswerOf<"listSetAside">["set_aside"][number];

/** No topic has it. */
const refreshMs = 10_000;

export function SetAside() {
  const { rows, pending, error, more, reload } = useList(
    "listSetAside",
    { limit: 100 },
    ({ set_aside }) => set_aside,
    refreshMs,
  );
  const discarding = useSignal<Item | undefined>(undefined);
  const { working, run } = useAct();
  const columns: readonly Column<Item>[] = [
    { name: "Since", cell: ({ at }) => <Moment at={at} />, text: ({ at }) => at },
    {
      name: "Message",
      cell: ({ app_id, message_id, kind, event }) => (
        <span>
          <a class="id" dir="auto" href={messageAddress({ app_id, message_id })}>
            {message_id}
          </a>
          <span class="also">
            {app_id}, {kind === "event" ? `event ${String(event?.event ?? "")}` : "the whole message"}
          </span>
        </span>
      ),
      text: ({ app_id, message_id }) => `${app_id} ${message_id}`,
    },
    {
      name: "Why",
      wide: true,
      cell: ({ reason, event }) => (
        <div>
          <p>{reason}</p>
          {event !== null && (
            <details>
              <summary>The event</summary>
              <pre>{JSON.stringify(event, null, 2)}</pre>
            </details>
          )}
        </div>
      ),
      text: ({ reason }) => reason,
    },
    {
      name: "",
      align: "end",
      cell: (item) => (
        <span class="row-actions">
          <button
            type="button"
            class="button"
            disabled={working}
            onClick={() =>
              void run(() => call("replaySetAside", { seq: item.seq }), "It is tried again.").then(reload)
            }
          >
            Try again
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={working}
            onClick={() => {
              discarding.value = item;
            }}
          >
            Discard
          </button>
        </span>
      ),
    },
  ];
  const item = discarding.value;
  return (
    <>
      {error !== undefined && <Failure error={error} what="What is set aside" />}
      {pending ? (
        <Pending what="what is set aside" />
      ) : rows.length > 0 ? (
        <Table
          caption="Set aside"
          columns={columns}
          rows={rows}
          keyOf={({ seq, kind }) => `${kind} ${seq}`}
        />
      ) : (
        error === undefined && (
          <Empty title="Nothing is set aside">
            <p>An event that the database can never take is kept here, and the others go on.</p>
          </Empty>
        )
      )}
      {rows.length > 0 && (
        <p class="files">
          <Export
            name="listSetAside"
            given={{}}
            rowsOf={({ set_aside }) => set_aside}
            columns={columns}
            file="set-aside"
          />
        </p>
      )}
      <More more={more} />
      {item !== undefined && (
        <Confirm
          title="Discard it for good?"
          action="Discard"
          confirmed={() =>
            void run(() => call("deleteSetAside", { seq: item.seq }), "It is gone.").then(reload)
          }
          close={() => {
            discarding.value = undefined;
          }}
        >
          <p>
            It was accepted, and is in no message. After this it is nowhere: <code>{item.message_id}</code>
          </p>
        </Confirm>
      )}
    </>
  );
}
