/** A list as a file: all of its pages as CSV, by the columns of its table, or as lines of JSON. */
import { useSignal } from "@preact/signals";
import type { OperationName } from "../../api/operation-types.ts";
import { addressOf, type Given } from "../data/call.ts";
import { say } from "../frame/toasts.tsx";
import type { Column } from "./table.tsx";

/** Beyond it a file is cut, and says so. */
const linesMax = 100_000;

interface ExportProps<Name extends OperationName, Row> {
  readonly name: Name;
  readonly given: Given<Name>;
  readonly columns: readonly Column<Row>[];
  /** Without its ending. */
  readonly file: string;
}

export function Export<Name extends OperationName, Row>({
  name,
  given,
  columns,
  file,
}: ExportProps<Name, Row>) {
  const working = useSignal(false);
  const save = async (format: "csv" | "json") => {
    working.value = true;
    try {
      const { lines, cut } = await readLines(addressOf(name, { ...given, limit: 1_000 } as Given<Name>));
      const text = format === "json" ? `${lines.join("\n")}\n` : csvOf(columns, lines);
      download(`${file}.${format === "json" ? "ndjson" : "csv"}`, text);
      if (cut) say(`The file has the first ${linesMax} rows.`);
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

async function readLines(address: string): Promise<{ lines: string[]; cut: boolean }> {
  const response = await fetch(address, { headers: { Accept: "application/x-ndjson" } });
  if (!response.ok || response.body === null)
    throw new Error(`Mars answered with status ${response.status}.`);
  const lines: string[] = [];
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (lines.length >= linesMax) {
      await reader.cancel();
      return { lines: lines.slice(0, linesMax), cut: true };
    }
  }
  return { lines: rest === "" ? lines : [...lines, rest], cut: false };
}

function csvOf<Row>(columns: readonly Column<Row>[], lines: readonly string[]): string {
  const shown = columns.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]));
  const head = shown.map(({ name }) => cellOf(name)).join(",");
  const rows = lines.map((line) => {
    const row = JSON.parse(line) as Row;
    return shown.map(({ text }) => cellOf(String(text(row)))).join(",");
  });
  return `${[head, ...rows].join("\r\n")}\r\n`;
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
