/** A table as a file: CSV by its columns, or lines of JSON with all that Mars answers. */
import { useSignal } from "@preact/signals";
import type { AnswerOf, OperationName } from "../../api/operation-types.ts";
import { call, type Given } from "../data/call.ts";
import { say } from "../frame/toasts.tsx";
import type { Column } from "./table.tsx";

/** Beyond it a file is cut, and says so. */
const rowsMax = 100_000;

export type FileColumn<Row> = Pick<Column<Row>, "name" | "text">;

/** A list that Mars has in pages: all of them are read. */
interface ExportProps<Name extends OperationName, Row> {
  readonly name: Name;
  readonly given: Given<Name>;
  readonly columns: readonly FileColumn<Row>[];
  rowsOf(answer: AnswerOf<Name>): readonly Row[];
  /** Without its ending. */
  readonly file: string;
  /** The most that the operation has on a page. */
  readonly pageMax?: number;
}

export function Export<Name extends OperationName, Row>({
  name,
  given,
  columns,
  rowsOf,
  file,
  pageMax = 1_000,
}: ExportProps<Name, Row>) {
  const read = async () => {
    const rows: Row[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await call(name, { ...given, limit: pageMax, cursor: cursor ?? undefined } as Given<Name>);
      rows.push(...rowsOf(page));
      cursor = (page as { readonly next_cursor?: string | null }).next_cursor;
    } while (cursor != null && rows.length < rowsMax);
    return { rows: rows.slice(0, rowsMax), cut: cursor != null || rows.length > rowsMax };
  };
  return <Buttons columns={columns} file={file} read={read} />;
}

/** A table that the page has as a whole. */
export function ExportRows<Row>({
  rows,
  columns,
  file,
}: {
  readonly rows: readonly Row[];
  readonly columns: readonly FileColumn<Row>[];
  readonly file: string;
}) {
  return <Buttons columns={columns} file={file} read={async () => ({ rows, cut: false })} />;
}

interface ButtonsProps<Row> {
  readonly columns: readonly FileColumn<Row>[];
  readonly file: string;
  read(): Promise<{ readonly rows: readonly Row[]; readonly cut: boolean }>;
}

function Buttons<Row>({ columns, file, read }: ButtonsProps<Row>) {
  const working = useSignal(false);
  const save = async (format: "csv" | "json") => {
    working.value = true;
    try {
      const { rows, cut } = await read();
      if (format === "csv") download(`${file}.csv`, csvOf(columns, rows));
      else download(`${file}.ndjson`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      if (cut) say(`The file has the first ${rowsMax} rows.`);
    } catch (error) {
      say(`The file cannot be made: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      working.value = false;
    }
  };
  return (
    <>
      <button type="button" class="button quiet" disabled={working.value} onClick={() => save("csv")}>
        CSV
      </button>
      <button type="button" class="button quiet" disabled={working.value} onClick={() => save("json")}>
        JSON
      </button>
    </>
  );
}

function csvOf<Row>(columns: readonly FileColumn<Row>[], rows: readonly Row[]): string {
  const shown = columns.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]));
  const head = shown.map(({ name }) => cellOf(name)).join(",");
  const lines = rows.map((row) => shown.map(({ text }) => cellOf(String(text(row)))).join(","));
  return `${[head, ...lines].join("\r\n")}\r\n`;
}

/** A text that a spreadsheet would take for a formula is shown as it is: ids are untrusted. */
function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text]));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
