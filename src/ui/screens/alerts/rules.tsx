/** The rules: which findings open an incident, and who is notified. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call, type Given } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { to } from "../../data/route.ts";
import { JsonDialog } from "../../parts/json-dialog.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";

type Rule = AnswerOf<"listAlertRules">["rules"][number];

const starter = { kinds: ["missing"], at_least: 5, window: "5m", repeat: "4h", sinks: ["team"] };

export function Rules() {
  const { rows, pending, error, more, reload } = useList(
    "listAlertRules",
    { limit: 100 },
    ({ rules }) => rules,
  );
  const editing = useSignal<Rule | "new" | undefined>(undefined);
  const { working, run } = useAct();
  const columns: readonly Column<Rule>[] = [
    { name: "Rule", cell: ({ id }) => <a href={to("/incidents", { rule: id })}>{id}</a> },
    { name: "Fires on", wide: true, cell: sentence },
    { name: "Notifies", cell: ({ sinks }) => sinks.join(", ") },
    {
      name: "",
      align: "end",
      cell: (rule) => (
        <>
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              editing.value = rule;
            }}
          >
            Edit
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={working}
            onClick={() => {
              const { id, ...rest } = rule;
              void run(
                () => call("deleteAlertRule", { id }),
                `Rule ${id} is deleted. To have it back, put it again: ${JSON.stringify(given(rest))}`,
              ).then(reload);
            }}
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
          New rule
        </button>
      </p>
      {error !== undefined && <Failure error={error} what="The rules" />}
      {pending ? (
        <Pending what="rules" />
      ) : rows.length > 0 ? (
        <Table caption="Rules" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="No rule yet">
            <p>
              A rule says when people are to be notified: so many messages stuck within so long, in an app, at
              a stage. First it needs a <a href="/alerts?part=sinks">sink</a>, where the notification goes.
            </p>
          </Empty>
        )
      )}
      <More more={more} />
      {editing.value !== undefined && (
        <JsonDialog
          title={editing.value === "new" ? "New rule" : `Rule ${editing.value.id}`}
          {...(editing.value !== "new" && { id: editing.value.id })}
          value={editing.value === "new" ? starter : given(editing.value)}
          hint="kinds: missing, late, skipped, failed, abandoned. app_id, stage and after narrow it."
          put={(id, rule) => call("putAlertRule", { ...rule, id } as Given<"putAlertRule">).then(reload)}
          close={() => {
            editing.value = undefined;
          }}
        />
      )}
    </>
  );
}

/** As it would be put: without what is not set. */
function given(rule: object): object {
  const set = Object.entries(rule).filter(([name, value]) => value !== null && !/^id$|_events$/.test(name));
  return Object.fromEntries(set);
}

function sentence({ kinds, app_id, stage, after, at_least, window, condition }: Rule): string {
  const where = [
    app_id ?? "any app",
    stage === null ? undefined : `at ${after === null ? "" : `${after} → `}${stage}`,
  ];
  const what = condition === null ? `${at_least} or more ${kinds.join(", ")}` : condition.type;
  return `${what} within ${window} in ${where.filter(Boolean).join(" ")}`;
}
