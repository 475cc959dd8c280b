/** The messages that a collector refused, and another try for them. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { bytesText } from "../../data/text.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";

type Message = AnswerOf<"listRejected">["messages"][number];

interface RefusedMessagesProps {
  readonly id: string;
  /** How many are kept: the list is read again when that changes. */
  readonly count: number;
  changed(): void;
  close(): void;
}

export function RefusedMessages({ id, count, changed, close }: RefusedMessagesProps) {
  const { rows, pending, error, more, reload } = useList("listRejected", { id }, ({ messages }) => messages);
  const forgetting = useSignal(false);
  const { working, run } = useAct();
  useEffect(() => reload(), [count]);
  const act = (work: () => Promise<unknown>, done: string) =>
    void run(work, done).then(() => {
      changed();
      reload();
    });
  const columns: readonly Column<Message>[] = [
    { name: "Refused", cell: ({ at }) => <Moment at={at} />, text: ({ at }) => at },
    {
      name: "Place",
      cell: ({ position }) => <code>{position}</code>,
      text: ({ position }) => position,
    },
    {
      name: "Why",
      wide: true,
      cell: ({ reason, body, base64, bytes, cut, headers }) => (
        <div>
          <p>{reason}</p>
          <details>
            <summary>
              The message, {bytesText(bytes)}
              {cut && ", of which the beginning is kept"}
              {base64 && ", in base64"}
            </summary>
            {Object.keys(headers).length > 0 && <pre>{headerLines(headers)}</pre>}
            <pre>{body}</pre>
          </details>
        </div>
      ),
      text: ({ reason }) => reason,
    },
    {
      name: "",
      align: "end",
      cell: ({ id: message, cut, position }) =>
        !cut && (
          <button
            type="button"
            class="button quiet"
            disabled={working}
            aria-label={`Try ${position} again`}
            onClick={() => act(() => call("replayRejected", { id, message }), "It was tried again.")}
          >
            Try again
          </button>
        ),
    },
  ];
  return (
    <section>
      <h2>Refused by {id}</h2>
      {error !== undefined && <Failure error={error} what="Refused messages" />}
      {pending ? (
        <Pending what="refused messages" />
      ) : rows.length > 0 ? (
        <Table caption={`Refused by ${id}`} columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && <Empty title="No refused message is kept" />
      )}
      <More more={more} />
      <p class="row-actions">
        {rows.length > 0 && (
          <>
            <button
              type="button"
              class="button"
              disabled={working}
              onClick={() => act(() => call("replayRejected", { id }), "They were tried again.")}
            >
              Try all again
            </button>
            <button
              type="button"
              class="button quiet"
              disabled={working}
              onClick={() => {
                forgetting.value = true;
              }}
            >
              Forget all
            </button>
          </>
        )}
        <button type="button" class="button quiet" onClick={close}>
          Close
        </button>
      </p>
      {forgetting.value && (
        <Confirm
          title="Forget them for good?"
          action="Forget"
          confirmed={() => act(() => call("deleteRejected", { id }), "They are gone.")}
          close={() => {
            forgetting.value = false;
          }}
        >
          <p>
            They were never accepted, and the broker has them no more, unless it keeps what is acknowledged.
          </p>
        </Confirm>
      )}
    </section>
  );
}

function headerLines(headers: Message["headers"]): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
