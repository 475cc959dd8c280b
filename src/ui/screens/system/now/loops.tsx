/** The loops of Mars: those that fail are shown, the others are counted. */
import type { Stats } from "../../../../api/stats.ts";
import { countText, durationText } from "../../../data/text.ts";
import { Badge } from "../../../parts/badge.tsx";
import { type Column, Table } from "../../../parts/table.tsx";

type Row = Stats["loops"][string] & { readonly name: string };

const columns: readonly Column<Row>[] = [
  { name: "Loop", cell: ({ name }) => <code>{name}</code>, text: ({ name }) => name },
  {
    name: "Now",
    cell: ({ last_error, failing_for_ms }) =>
      last_error === "" ? (
        <Badge tone="good">fine</Badge>
      ) : (
        <Badge tone="bad">failing for {durationText(failing_for_ms)}</Badge>
      ),
    text: ({ last_error, failing_for_ms }) =>
      last_error === "" ? "fine" : `failing for ${durationText(failing_for_ms)}`,
  },
  {
    name: "Failures",
    align: "end",
    cell: ({ failures }) => <span>{countText(failures)}</span>,
    text: ({ failures }) => failures,
  },
  {
    name: "Last error",
    wide: true,
    cell: ({ last_error }) => <span>{last_error}</span>,
    text: ({ last_error }) => last_error,
  },
];

export function Loops({ loops }: { loops: Stats["loops"] }) {
  const rows = Object.entries(loops).map(([name, loop]) => ({ name, ...loop }));
  const failing = rows.filter(({ last_error }) => last_error !== "");
  return (
    <section aria-labelledby="loops-title">
      <h2 id="loops-title">
        Loops{" "}
        <span class={failing.length > 0 ? "bad" : "muted"}>
          {failing.length > 0 ? `${failing.length} of ${rows.length} fail` : `all ${rows.length} are fine`}
        </span>
      </h2>
      {failing.length > 0 && (
        <Table caption="Loops that fail" columns={columns} rows={failing} keyOf={({ name }) => name} />
      )}
      <details>
        <summary>All loops</summary>
        <Table file="loops" caption="All loops" columns={columns} rows={rows} keyOf={({ name }) => name} />
      </details>
    </section>
  );
}
