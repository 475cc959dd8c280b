/** Payloads into Mars, which maps them by a source. A call may take only the first of them; the others go into the next. */
import type { Refusal } from "../call.ts";
import type { PatientCalls } from "../patience.ts";
import type { DeliveryOptions, Totals } from "./delivery.ts";
import type { Line } from "./lines.ts";

/** How payloads are mapped. */
export interface Mapped {
  /** The id of the source. */
  readonly source: string;
  readonly dryRun: boolean;
  /** Called with events that a dry run has answered. */
  shown(events: readonly unknown[]): void;
}

interface Answered {
  readonly payloads: number;
  readonly accepted: number;
  readonly ignored: number;
  readonly rejected: number;
  readonly seq: number | null;
  readonly errors?: readonly { readonly index: number; readonly field: string; readonly message: string }[];
  readonly events?: readonly unknown[];
}

const ndjson = { "content-type": "application/x-ndjson" };

/** @returns the refusal that has ended it where there is one */
export async function sendPayloads(
  lines: readonly Line[],
  calls: PatientCalls,
  totals: Totals,
  { refused, unnamed, sent, mapped }: DeliveryOptions & { readonly mapped: Mapped },
): Promise<Refusal | undefined> {
  const left: (Line & { readonly text: string })[] = [];
  for (const line of lines) {
    const { number, text, problem = "is empty" } = line;
    if (text) left.push({ ...line, text });
    else {
      totals.rejected++;
      refused(number, problem);
    }
  }
  const query = mapped.dryRun ? "?dry_run=true" : "";
  const path = `/api/sources/${encodeURIComponent(mapped.source)}/import${query}`;
  while (left.length > 0) {
    // Line ends in JSON are blanks.
    const body = left.map(({ text }) => `${text.replaceAll(/[\r\n]/g, " ")}\n`).join("");
    const answer = await calls.call({ method: "POST", path, body }, { headers: ndjson });
    if (!answer.ok) return answer;
    const { payloads, accepted, ignored, rejected, seq, errors = [], events } = answer.value as Answered;
    if (!(payloads > 0)) return { ok: false, sentences: ["the answer does not say what was taken"] };
    totals.accepted += accepted;
    totals.ignored = (totals.ignored ?? 0) + ignored;
    totals.rejected += rejected;
    if (typeof seq === "number") totals.seq = Math.max(totals.seq ?? 0, seq);
    for (const { index, field, message } of errors) {
      refused(left[index]?.number ?? 0, field === "" ? message : `${field}: ${message}`);
    }
    const taken = left.splice(0, payloads);
    const others = rejected - errors.length;
    if (others > 0) unnamed(others, taken[0]?.number ?? 0, taken.at(-1)?.number ?? 0);
    if (events !== undefined) mapped.shown(events);
    sent(totals);
  }
  return undefined;
}
