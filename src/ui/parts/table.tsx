/**
 * Tables of rows that are links: `j` and `k` go through them, `Enter` opens one, `x` picks one where rows can be picked. Narrow
 * screens show each row as a block.
 */
import type { ComponentChildren } from "preact";
import { ExportRows } from "./export.tsx";

export interface Column<Row> {
  readonly name: string;
  cell(row: Row): ComponentChildren;
  /** As it is in a CSV file; absent where the column is not. */
  text?(row: Row): string | number;
  readonly align?: "end";
  /** Takes what room is left. */
  readonly wide?: true;
  /** Explains the column, at its head. */
  readonly title?: string;
}

interface TableProps<Row, Key extends string | number> {
  /** Where all rows are shown: a file of them is offered under this name, without its ending. */
  readonly file?: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  keyOf(row: Row): Key;
  /** Rows that stand out, by their key. */
  readonly fresh?: ReadonlySet<Key>;
  /** By their keys. */
  readonly picked?: ReadonlySet<Key>;
  pick?(key: Key, on: boolean): void;
}

export function Table<Row, Key extends string | number>({ file, ...table }: TableProps<Row, Key>) {
  if (file === undefined) return <Rows {...table} />;
  return (
    <>
      <Rows {...table} />
      <p class="files">
        <ExportRows rows={table.rows} columns={table.columns} file={file} />
      </p>
    </>
  );
}

function Rows<Row, Key extends string | number>({
  caption,
  columns,
  rows,
  keyOf,
  fresh,
  picked,
  pick,
}: Omit<TableProps<Row, Key>, "file">) {
  return (
    <table class="table">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {pick !== undefined && (
            <th class="pick" scope="col">
              <span class="unseen">Picked</span>
            </th>
          )}
          {columns.map(({ name, align, wide, title }) => (
            <th key={name} scope="col" class={classOf(align, wide)} {...(title !== undefined && { title })}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const key = keyOf(row);
          return (
            <tr key={key} data-row class={fresh?.has(key) ? "fresh" : ""}>
              {pick !== undefined && (
                <td class="pick">
                  <input
                    type="checkbox"
                    aria-label="Pick this row"
                    checked={picked?.has(key) ?? false}
                    onChange={({ currentTarget }) => pick(key, currentTarget.checked)}
                  />
                </td>
              )}
              {columns.map((column) => (
                <td key={column.name} data-of={column.name} class={classOf(column.align, column.wide)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function classOf(align: "end" | undefined, wide: true | undefined): string {
  return [align === "end" ? "number" : "", wide ? "wide" : ""].filter(Boolean).join(" ");
}
