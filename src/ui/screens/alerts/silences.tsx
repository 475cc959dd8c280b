/** Silences: what is not notified for a while. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { useRead } from "../../data/resource.ts";
import { Field, Select } from "../../parts/fields.tsx";
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
      cell: aboutOf,
      text: aboutOf,
    },
    {
      name: "Until",
      cell: ({ until, active }) => (active ? <Moment at={until} /> : "over"),
      text: ({ until }) => until,
    },
    { name: "Why", cell: ({ comment }) => comment ?? "", text: ({ comment }) => comment ?? "" },
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
        <Table file="silences" caption="Silences" columns={columns} rows={rows} keyOf={({ id }) => id} />
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

function aboutOf({ app_id, rule, stage, kind }: Silence): string {
  const parts = [app_id, rule === null ? null : `rule ${rule}`, stage, kind].filter((one) => one !== null);
  return parts.join(", ") || "everything";
}

function NewSilence({ changed }: { changed(): void }) {
  const app = useSignal("");
  const length = useSignal("1h");
  const comment = useSignal("");
  const rule = useSignal("");
  const stage = useSignal("");
  const { working, run } = useAct();
  const apps = useRead("listApps", { limit: 1_000 });
  const rules = useRead("listAlertRules", { limit: 1_000 });
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        void run(
          () =>
            call("createAlertSilence", {
              app_id: app.value,
              rule: rule.value,
              stage: stage.value.trim(),
              for: length.value,
              comment: comment.value.trim(),
            }),
          `${[app.value, rule.value, stage.value.trim()].filter(Boolean).join(", ") || "Everything"} is silent for ${length.value}.`,
        ).then(changed);
      }}
    >
      <Select
        label="App"
        value={app.value}
        values={[
          ["", "every app"],
          ...(apps.data?.apps ?? []).map(({ app_id }) => [app_id, app_id] as const),
        ]}
        choose={(one) => {
          app.value = one;
        }}
      />
      <Select
        label="Rule"
        value={rule.value}
        values={[["", "every rule"], ...(rules.data?.rules ?? []).map(({ id }) => [id, id] as const)]}
        choose={(one) => {
          rule.value = one;
        }}
      />
      <Field
        label="Stage"
        value={stage.value}
        placeholder="every stage"
        set={(one) => {
          stage.value = one;
        }}
      />
      <Select
        label="For"
        value={length.value}
        values={lengths.map((one) => [one, one] as const)}
        choose={(one) => {
          length.value = one;
        }}
      />
      <Field
        label="Why"
        value={comment.value}
        set={(one) => {
          comment.value = one;
        }}
      />
      <button type="submit" class="button" disabled={working}>
        Silence
      </button>
    </form>
  );
}
