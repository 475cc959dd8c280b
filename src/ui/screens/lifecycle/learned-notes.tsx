/** What a learned proposal rests on. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { countText, shareText, shortDuration } from "../../data/text.ts";
import { type Column, Table } from "../../parts/table.tsx";

type Learned = AnswerOf<"learnLifecycle">;
type Stage = Learned["stages"][number];

const columns: readonly Column<Stage>[] = [
  { name: "Stage", wide: true, cell: ({ events }) => <code>{events.join(" | ")}</code> },
  { name: "Comes", cell: ({ occurs }) => occurs },
  { name: "Of messages", align: "end", cell: ({ share }) => shareText(share) },
  { name: "p50", align: "end", cell: ({ hop }) => (hop === null ? "" : shortDuration(hop.p50_ms)) },
  { name: "p99", align: "end", cell: ({ hop }) => (hop === null ? "" : shortDuration(hop.p99_ms)) },
  { name: "Deadline", align: "end", cell: ({ within }) => within ?? "" },
  {
    name: "Would raise",
    align: "end",
    title: "The share of messages that came later than this deadline",
    cell: ({ would_raise }) => (would_raise === null ? "" : shareText(would_raise)),
  },
];

export function LearnedNotes({ learned }: { learned: Learned }) {
  return (
    <section aria-labelledby="learned-title">
      <h2 id="learned-title">
        Learned from {countText(learned.messages)} messages{learned.cut_short && ", the latest of more"}
      </h2>
      <Table
        caption="Stages of the proposal"
        columns={columns}
        rows={learned.stages}
        keyOf={({ events }) => events.join("|")}
      />
      {learned.failures.length > 0 && (
        <p class="muted">
          Taken for failures:{" "}
          {learned.failures
            .map(({ event, share }) => `${event} (${shareText(share)} of messages)`)
            .join(", ")}
        </p>
      )}
      {learned.left_out.length > 0 && (
        <p class="muted">
          Too seldom for a stage:{" "}
          {learned.left_out.map(({ event, share }) => `${event} (${shareText(share)})`).join(", ")}
        </p>
      )}
    </section>
  );
}
