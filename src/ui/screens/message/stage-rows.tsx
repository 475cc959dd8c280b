/** Expected against actual: every stage with what is normal, its deadline, and what it took. */
import { now } from "../../data/clock.ts";
import type { Message, TimelineEvent } from "../../data/message-events.ts";
import { owedTexts } from "../../data/owed.ts";
import { durationText, shortDuration } from "../../data/text.ts";
import { Moment } from "../../parts/time.tsx";
import { type Latency, type StageView, stageViews } from "./stages.ts";

interface StageRowsProps {
  readonly message: Message;
  readonly events: readonly TimelineEvent[];
  readonly latency: Latency | undefined;
}

export function StageRows({ message, events, latency }: StageRowsProps) {
  const stages = stageViews(message, latency, now.value);
  return (
    <section class="stages" aria-labelledby="stages-title">
      <div class="title">
        <h2 id="stages-title">Expected and actual</h2>
        <p class="key" aria-hidden="true">
          <span class="normal">normal, p50–p99 of 24 h</span> <span class="taken">this message</span>{" "}
          <span class="deadline">deadline</span>
        </p>
      </div>
      <ol>
        {stages.map((stage) => (
          <StageRow
            key={stage.stage}
            stage={stage}
            first={
              stage.after === null
                ? events.find(({ event }) => stage.stage_events.includes(event))
                : undefined
            }
          />
        ))}
      </ol>
    </section>
  );
}

const marks = {
  done: "✓",
  overdue: "✕",
  skipped: "⤼",
  waiting: "…",
  pending: "○",
  unreached: "–",
  closed: "–",
} as const;

function StageRow({ stage, first }: { stage: StageView; first: TimelineEvent | undefined }) {
  const owed = owedTexts({ stages: [stage] });
  return (
    <li class={`stage ${stage.status}${stage.late_by_ms === null ? "" : " late"}`} data-row>
      <div class="name">
        <span class="mark" aria-hidden="true">
          {marks[stage.status]}
        </span>
        <div>
          <code>{stage.stage}</code>
          <span class="unseen">: {stage.status}</span>
          <p class="muted">
            <When stage={stage} first={first} />
          </p>
          {owed.length > 0 && <p class="muted">{owed.join("; ")}</p>}
        </div>
      </div>
      <Track stage={stage} />
      <div class="took">
        <Took stage={stage} />
      </div>
    </li>
  );
}

function When({ stage, first }: { stage: StageView; first: TimelineEvent | undefined }) {
  if (stage.done_at !== null) return <Moment at={first?.created_at ?? stage.done_at} />;
  if (stage.status === "overdue" && stage.due_at !== null)
    return (
      <>
        expected by <Moment at={stage.due_at} />
      </>
    );
  if (stage.status === "waiting" && stage.due_at !== null)
    return (
      <>
        due <Moment at={stage.due_at} />
      </>
    );
  if (stage.status === "unreached") return <>did not have to come</>;
  if (stage.status === "closed") return <>{stage.triage?.status ?? "closed"} by people</>;
  if (stage.status === "skipped") return <>expected, and passed over</>;
  if (stage.p50Ms !== undefined && stage.after !== null)
    return (
      <>
        usually {shortDuration(stage.p50Ms)} after {stage.after}
      </>
    );
  return <>{stage.optional ? "optional" : "not due yet"}</>;
}

function Took({ stage }: { stage: StageView }) {
  if (stage.status === "done") {
    if (stage.early_by_ms !== null)
      return <span class="warn">early by {durationText(stage.early_by_ms)}</span>;
    if (stage.tookMs === undefined) return null;
    const took = shortDuration(stage.tookMs);
    return stage.late_by_ms === null ? (
      took
    ) : (
      <span class="warn">
        {took}, late by {shortDuration(stage.late_by_ms)}
      </span>
    );
  }
  if (stage.status === "overdue" && stage.missing_since !== null) {
    return (
      <strong class="bad">
        missing {shortDuration(Math.max(0, now.value - Date.parse(stage.missing_since)))}
      </strong>
    );
  }
  if (stage.status === "waiting" && stage.due_at !== null) {
    const left = Date.parse(stage.due_at) - now.value;
    return <>{left > 0 ? `due in ${durationText(Math.round(left / 1000) * 1000)}` : "due now"}</>;
  }
  if (stage.status === "skipped") return <span class="warn">skipped</span>;
  return (
    <span class="muted">
      {stage.optional
        ? "optional"
        : stage.status === "unreached" || stage.status === "closed"
          ? ""
          : "not due yet"}
    </span>
  );
}

/** The stage's time to scale: its own, since stages differ by many powers of ten. */
function Track({ stage }: { stage: StageView }) {
  const { tookMs, withinMs, p50Ms, p99Ms } = stage;
  const whole = Math.max(tookMs ?? 0, withinMs ?? 0, p99Ms ?? 0) * 1.08;
  if (!(whole > 0)) return <div class="track" />;
  const at = (ms: number) => `${Math.min(100, (ms / whole) * 100)}%`;
  const label = [
    p50Ms !== undefined &&
      p99Ms !== undefined &&
      `normally ${shortDuration(p50Ms)} to ${shortDuration(p99Ms)}`,
    withinMs !== undefined && `due within ${shortDuration(withinMs)}`,
    tookMs !== undefined && `this message ${shortDuration(tookMs)}`,
  ].filter((part) => part !== false);
  return (
    <div class="track" role="img" aria-label={label.join(", ")} title={label.join(", ")}>
      {p50Ms !== undefined && p99Ms !== undefined && (
        <span
          class="normal"
          style={{ insetInlineStart: at(p50Ms), width: `max(2px, ${at(p99Ms - p50Ms)})` }}
        />
      )}
      {tookMs !== undefined && <span class="taken" style={{ width: `max(2px, ${at(tookMs)})` }} />}
      {withinMs !== undefined && (
        <span class="deadline" style={{ insetInlineStart: at(withinMs) }}>
          <i>{shortDuration(withinMs)}</i>
        </span>
      )}
    </div>
  );
}
