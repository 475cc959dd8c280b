/** Silences: what is not notified for a while. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";

type Silence = AnswerOf<"listAlertSilences">["silences"][number];

const lengths = ["1h", "4h", "1d", "7d"];

export function Silences() {
  const { rows, pending, error, more, reload } = useList(
    "listAlertSilences",
    { limit: 100 },
    ({ silences }) => silences,
  );
  const { working, run } = useAct();
  const columns: readonly Column<Silence>[] = [
    {
      name: "Silent",
      wide: true,
      cell: ({ app_id, rule, stage, kind }) =>
        [app_id, rule === null ? null : `rule ${rule}`, stage, kind]
          .filter((one) => one !== null)
          .join(", ") || "everything",
    },
    { name: "Until", cell: ({ until, active }) => (active ? <Moment at={until} /> : "over") },
    { name: "Why", cell: ({ comment }) => comment ?? "" },
    {
      name: "",
      align: "end",
      cell: ({ id, active }) =>
        active ? (
          <button
            type="button"
            class="button quiet"
            disabled={working}
            onClick={() =>
              void run(() => call("deleteAlertSilence", { id }), "The silence is over.").then(reload)
            }
          >
            End
          </button>
        ) : null,
    },
  ];
  return (
    <>
      <NewSilence changed={reload} />
      {error !== undefined && <Failure error={error} what="The silences" />}
      {pending ? (
        <Pending what="silences" />
      ) : rows.length > 0 ? (
        <Table caption="Silences" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="Nothing is silent">
            <p>
              A silence keeps notifications back for a while, as during maintenance. What was found is kept.
            </p>
          </Empty>
        )
      )}
      <More more={more} />
    </>
  );
}

function NewSilence({ changed }: { changed(): void }) {
  const app = useSignal("");
  const length = useSignal("1h");
  const comment = useSignal("");
  const { working, run } = useAct();
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        void run(
          () =>
            call("createAlertSilence", {
              app_id: app.value.trim(),
              for: length.value,
              comment: comment.value.trim(),
            }),
          `${app.value.trim() || "Everything"} is silent for ${length.value}.`,
        ).then(changed);
      }}
    >
      <label class="filter">
        <span>App</span>
        <input
          type="text"
          placeholder="every app"
          value={app.value}
          onInput={({ currentTarget }) => {
            app.value = currentTarget.value;
          }}
        />
      </label>
      <label class="filter">
        <span>For</span>
        <select
          value={length.value}
          onChange={({ currentTarget }) => {
            length.value = currentTarget.value;
          }}
        >
          {lengths.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label class="filter">
        <span>Why</span>
        <input
          type="text"
          value={comment.value}
          onInput={({ currentTarget }) => {
            comment.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button" disabled={working}>
        Silence
      </button>
    </form>
  );
}
