/** What is wrong with the message, in one sentence, and what is normal. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { StageView } from "../../../api/stage-views.ts";
import { now } from "../../data/clock.ts";
import type { Message, TimelineEvent } from "../../data/message-events.ts";
import { to } from "../../data/route.ts";
import { durationText, shortDuration } from "../../data/text.ts";
import { Moment } from "../../parts/time.tsx";
import { TriageButtons } from "../../parts/triage.tsx";
import { Marked } from "./marked.tsx";
import type { Run } from "./runs.ts";
import { Why } from "./why.tsx";

interface VerdictProps {
  readonly message: Message;
  readonly stages: readonly StageView[];
  readonly events: readonly TimelineEvent[];
  /** Reads the message again. */
  changed(): void;
}

export function Verdict({ message, stages, events, changed }: VerdictProps) {
  const missing = stages.filter(({ status }) => status === "overdue").sort(byDue);
  const first = missing[0];
  if (first !== undefined)
    return <Missing message={message} stage={first} others={missing.length - 1} changed={changed} />;
  if (message.state === "closed") return <Closed message={message} stages={stages} changed={changed} />;
  if (message.state === "failed") return <Failed message={message} events={events} />;
  if (message.state === "abandoned") return <Abandoned message={message} />;
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

/** A run that another one has followed. */
export function FormerRun({ run, events }: { run: Run; events: readonly TimelineEvent[] }) {
  const failed = run.state === "failed";
  const cause = failed ? events.find(({ created_at }) => created_at === run.ended_at) : undefined;
  return (
    <section class={`verdict ${failed ? "bad" : "plain"}`}>
      <h2>
        Run {run.run}: {run.state}
        {cause !== undefined && `, ${cause.event}`}.
      </h2>
      <p>
        It began <Moment at={run.began_at} />
        {run.ended_at !== null && (
          <>
            , and {run.state === "superseded" ? "the next one began" : "ended"} <Moment at={run.ended_at} />
          </>
        )}
        .
      </p>
      {cause !== undefined && <Why event={cause} />}
    </section>
  );
}

interface MissingProps {
  readonly message: Message;
  readonly stage: StageView;
  readonly others: number;
  changed(): void;
}

function Missing({ message, stage, others, changed }: MissingProps) {
  const { tookMs, p99Ms, withinMs } = stage;
  const note = useSignal("");
  return (
    <section class="verdict bad">
      <h2>{stage.stage === "children" ? "Not all parts are complete." : `${stage.stage} has not come.`}</h2>
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
          `Missing: ${listed(stage.owed.missing, stage.owed.expected - stage.owed.received)}. `}
        {others > 0 && `${others} more ${others === 1 ? "is" : "are"} missing. `}
      </p>
      {stage.triage !== null && (
        <p class="mark">
          <Marked mark={stage.triage} />
        </p>
      )}
      <div class="actions">
        <input
          type="text"
          aria-label="Why, for the others"
          placeholder="Why (optional)"
          maxLength={500}
          value={note.value}
          onInput={({ currentTarget }) => {
            note.value = currentTarget.value;
          }}
        />
        <TriageButtons
          of={{ app_id: message.app_id, message_id: message.message_id }}
          what={message.message_id}
          note={note.value}
          changed={() => {
            note.value = "";
            changed();
          }}
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

const namesInSentence = 3;

function listed(names: readonly string[], count: number): string {
  const some = names.slice(0, namesInSentence);
  return `${some.join(", ")}${count > some.length ? ` and ${count - some.length} more` : ""}`;
}

/** What people have ended. */
function Closed({ message, stages, changed }: Pick<VerdictProps, "message" | "stages" | "changed">) {
  const marks = stages.flatMap(({ stage, triage, status }) =>
    status === "closed" && triage !== null ? [{ stage, triage }] : [],
  );
  return (
    <section class="verdict plain">
      <h2>Closed by people.</h2>
      <p>
        {marks.length === 0 && "What is missing was resolved or ignored. "}
        {marks.map(({ stage, triage }) => (
          <span key={stage}>
            <code>{stage}</code> was <Marked mark={triage} />.{" "}
          </span>
        ))}
        The message goes on as ever when it comes.
      </p>
      <div class="actions">
        <TriageButtons
          of={{ app_id: message.app_id, message_id: message.message_id }}
          what={message.message_id}
          only="clear"
          changed={changed}
        />
      </div>
    </section>
  );
}

function Failed({ message, events }: Pick<VerdictProps, "message" | "events">) {
  const at = message.lifecycle?.failed_at;
  const known = useRef<TimelineEvent>(undefined);
  // Elsewhere among many events it is not loaded.
  const cause = [...events, known.current].find((event) => event?.created_at === at);
  known.current = cause;
  return (
    <section class="verdict bad">
      <h2>{cause === undefined ? "The message failed." : `The message failed: ${cause.event}.`}</h2>
      {at != null && (
        <p>
          At <Moment at={at} />. Nothing more is expected of it.
        </p>
      )}
      {cause !== undefined && <Why event={cause} />}
    </section>
  );
}

function Abandoned({ message }: Pick<VerdictProps, "message">) {
  const at = message.lifecycle?.abandoned_at;
  return (
    <section class="verdict warn">
      <h2>Given up.</h2>
      <p>
        It was overdue for as long as its lifecycle waits
        {at != null && (
          <>
            , <Moment at={at} />
          </>
        )}
        . If what is missing comes after all, it counts.
      </p>
    </section>
  );
}

function Due({ stage }: { stage: StageView }) {
  const left = Date.parse(stage.due_at!) - now.value;
  return (
    <section class="verdict plain">
      <h2>Next: {stage.stage === "children" ? "all parts are complete" : stage.stage}</h2>
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
