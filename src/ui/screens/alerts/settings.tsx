/** A list of settings that have names: new, changed, deleted. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { AnswerOf, OperationName } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import type { Given } from "../../data/call.ts";
import { useList } from "../../data/list.ts";
import { ExportRows } from "../../parts/export.tsx";
import { More } from "../../parts/more.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";

interface SettingsProps<Name extends OperationName, Row> {
  readonly name: Name;
  rowsOf(answer: AnswerOf<Name>): readonly Row[];
  /** One of them, and several, in lower case. */
  readonly what: string;
  readonly whats: string;
  readonly columns: readonly Column<Row>[];
  /** Buttons of a row, beside those to change and to delete it. */
  buttons?(row: Row): ComponentChildren;
  remove(row: Row): Promise<unknown>;
  /** @param row absent for a new one */
  editor(row: Row | undefined, close: () => void, changed: () => void): ComponentChildren;
  readonly empty: ComponentChildren;
}

export function Settings<Name extends OperationName, Row extends { readonly id: string }>(
  props: SettingsProps<Name, Row>,
) {
  const { name, rowsOf, what, whats, columns, buttons, remove, editor, empty } = props;
  const { rows, pending, error, more, reload } = useList(name, { limit: 100 } as Given<Name>, rowsOf);
  const editing = useSignal<{ readonly row?: Row } | undefined>(undefined);
  const { working, run } = useAct();
  const all: readonly Column<Row>[] = [
    ...columns,
    {
      name: "",
      align: "end",
      cell: (row) => (
        <>
          {buttons?.(row)}
          <button
            type="button"
            class="button quiet"
            aria-label={`Edit ${row.id}`}
            onClick={() => {
              editing.value = { row };
            }}
          >
            Edit
          </button>
          <button
            type="button"
            class="button quiet"
            aria-label={`Delete ${row.id}`}
            disabled={working}
            onClick={() => void run(() => remove(row), `The ${what} ${row.id} is deleted.`).then(reload)}
          >
            Delete
          </button>
        </>
      ),
    },
  ];
  return (
    <>
      <div class="filters">
        <button
          type="button"
          class="button primary"
          onClick={() => {
            editing.value = {};
          }}
        >
          New {what}
        </button>
        {rows.length > 0 && (
          <div class="end">
            <ExportRows rows={rows} columns={columns} file={whats} />
          </div>
        )}
      </div>
      {error !== undefined && <Failure error={error} what={`The ${whats}`} />}
      {pending ? (
        <Pending what={whats} />
      ) : rows.length > 0 ? (
        <Table caption={`All ${whats}`} columns={all} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && empty
      )}
      <More more={more} />
      {editing.value !== undefined &&
        editor(
          editing.value.row,
          () => {
            editing.value = undefined;
          },
          reload,
        )}
    </>
  );
}
