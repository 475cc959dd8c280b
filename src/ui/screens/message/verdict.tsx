/** What is wrong with the message, in one sentence, and what is normal. */
import { now } from "../../data/clock.ts";
import type { Message } from "../../data/message-events.ts";
import { to } from "../../data/route.ts";
import { durationText, shortDuration } from "../../data/text.ts";
import { Moment } from "../../parts/time.tsx";
import { TriageButtons } from "../../parts/triage.tsx";
import { type Latency, type StageView, stageViews } from "./stages.ts";

interface VerdictProps {
  readonly message: Message;
  readonly latency: Latency | undefined;
  /** Reads the message again. */
  changed(): void;
}

export function Verdict({ message, latency, changed }: VerdictProps) {
  const stages = stageViews(message, latency, now.value);
  const missing = stages.filter(({ status }) => status === "overdue").sort(byDue);
  const first = missing[0];
  if (first !== undefined)
    return <Missing message={message} stage={first} others={missing.length - 1} changed={changed} />;
  if (message.state === "closed") return <Closed />;
  if (message.state === "failed") return <Failed message={message} />;
  const skipped = stages.filter(({ status }) => status === "skipped");
  if (skipped.length > 0) {
    return (
      <section class="verdict warn">
        <h2>{skipped.map(({ stage }) => stage).join(", ")} was skipped.</h2>
        <p>The message is complete without it, though it had to come.</p>
      </section>
    );
  }
  const next = stages.filter(({ status, due_at }) => status === "waiting" && due_at !== null).sort(byDue)[0];
  if (next !== undefined) return <Due stage={next} />;
  const late = stages.filter(({ late_by_ms }) => late_by_ms !== null);
  if (late.length > 0) {
    return (
      <section class="verdict warn">
        <h2>{late[0]!.stage} came late.</h2>
        <p>
          It came {durationText(late[0]!.late_by_ms!)} after it was due
          {late.length > 1 && `, and ${late.length - 1} more came late`}.
        </p>
      </section>
    );
  }
  return null;
}

interface MissingProps {
  readonly message: Message;
  readonly stage: StageView;
  readonly others: number;
  changed(): void;
}

function Missing({ message, stage, others, changed }: MissingProps) {
  const { tookMs, p99Ms, withinMs } = stage;
  return (
    <section class="verdict bad">
      <h2>{stage.stage} has not come.</h2>
      <p>
        {stage.after !== null && tookMs !== undefined && (
          <>
            {stage.after} was {shortDuration(tookMs)} ago
            {p99Ms !== undefined
              ? `; 99 of 100 take at most ${shortDuration(p99Ms)}. `
              : withinMs !== undefined
                ? `; it may take ${shortDuration(withinMs)}. `
                : ". "}
          </>
        )}
        {stage.due_at !== null && (
          <>
            Due <Moment at={stage.due_at} />.{" "}
          </>
        )}
        {stage.owed !== null &&
          stage.owed.missing.length > 0 &&
          `Missing: ${stage.owed.missing.join(", ")}. `}
        {others > 0 && `${others} more ${others === 1 ? "is" : "are"} missing. `}
      </p>
      <div class="actions">
        <TriageButtons
          of={{ app_id: message.app_id, message_id: message.message_id }}
          what={message.message_id}
          changed={changed}
        />
        <a
          class="button"
          href={to("/stuck", { app_id: message.app_id, stage: stage.stage, after: stage.after ?? "" })}
        >
          Others stuck here
        </a>
      </div>
    </section>
  );
}

/** What people have ended. */
function Closed() {
  return (
    <section class="verdict plain">
      <h2>Closed by people.</h2>
      <p>What is missing was resolved or ignored. The message goes on as ever when it comes.</p>
    </section>
  );
}

function Failed({ message }: { message: Message }) {
  const at = message.lifecycle?.failed_at;
  const event = message.events.find(({ created_at }) => created_at === at)?.event;
  return (
    <section class="verdict bad">
      <h2>{event === undefined ? "The message failed." : `The message failed: ${event}.`}</h2>
      {at != null && (
        <p>
          At <Moment at={at} />. Nothing more is expected of it.
        </p>
      )}
    </section>
  );
}

function Due({ stage }: { stage: StageView }) {
  const left = Date.parse(stage.due_at!) - now.value;
  return (
    <section class="verdict plain">
      <h2>Next: {stage.stage}</h2>
      <p>
        {left > 0 ? `Due in ${durationText(Math.round(left / 1000) * 1000)}` : "Due now"}
        {stage.p50Ms !== undefined && `; half of all take ${shortDuration(stage.p50Ms)}`}.
      </p>
    </section>
  );
}

function byDue(a: StageView, b: StageView): number {
  return (a.due_at ?? "") < (b.due_at ?? "") ? -1 : 1;
}
