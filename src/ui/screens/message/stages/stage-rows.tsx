/** Expected against actual: every stage with what is normal, its deadline, and what it took. */

import type { StageView } from "../../../../api/stage-views.ts";
import { normalDays } from "../../../../core/normal.ts";
import { now } from "../../../data/clock.ts";
import { messageAddress } from "../../../data/route.ts";
import { durationText, shortDuration } from "../../../data/text.ts";
import { Moment } from "../../../parts/time.tsx";
import { CompareLine, type useComparison } from "./compare.tsx";
import { OwedNames } from "./owed.tsx";
import { keyOf, type Parting } from "./parting.ts";
import { Track } from "./track.tsx";

interface StageRowsProps {
  readonly appId: string;
  readonly stages: readonly StageView[];
  readonly comparison: ReturnType<typeof useComparison>;
}

export function StageRows({ appId, stages, comparison }: StageRowsProps) {
  const { compared } = comparison;
  const others = new Map(compared?.stages.map((stage) => [keyOf(stage), stage]));
  return (
    <section class="stages" aria-labelledby="stages-title">
      <div class="title">
        <h2 id="stages-title">Expected and actual</h2>
        <p class="key" aria-hidden="true">
          <span class="normal">normal, p50–p99 of {normalDays} days</span>{" "}
          <span class="taken">this message</span>{" "}
          {compared !== undefined && <span class="other">the other</span>}{" "}
          <span class="deadline">deadline</span>
        </p>
        <div class="compare">
          <CompareLine comparison={comparison} />
        </div>
      </div>
      <ol>
        {stages.map((stage) => {
          const key = keyOf(stage);
          const parting = compared?.parting?.key === key ? compared.parting : undefined;
          return (
            <StageRow
              key={key}
              appId={appId}
              stage={stage}
              other={others.get(key)}
              {...(parting !== undefined && { parting })}
            />
          );
        })}
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

interface StageRowProps {
  readonly appId: string;
  readonly stage: StageView;
  /** The same stage of the message that this one is compared with. */
  readonly other: StageView | undefined;
  readonly parting?: Parting;
}

function StageRow({ appId, stage, other, parting }: StageRowProps) {
  const { done_by: doneBy, owed } = stage;
  const children = stage.stage === "children";
  const classes = ["stage", stage.status, stage.late_by_ms !== null && "late", parting && "parting"];
  return (
    <li class={classes.filter(Boolean).join(" ")} data-row>
      <div class="name">
        <span class="mark" aria-hidden="true">
          {marks[stage.status]}
        </span>
        <div>
          <code>{stage.stage}</code>
          <span class="unseen">: {stage.status}</span>
          <p class="muted">
            <When stage={stage} />
          </p>
          {doneBy !== null && (
            <p class="muted">
              by{" "}
              <a class="id" href={messageAddress(doneBy)}>
                {doneBy.app_id} {doneBy.message_id}
              </a>
            </p>
          )}
          {owed !== null && (
            <OwedNames
              owed={owed}
              address={children ? (name) => messageAddress({ app_id: appId, message_id: name }) : undefined}
            />
          )}
          {parting !== undefined && (
            <p class="parts-here">
              They part here
              {parting.times !== undefined && `: ${Number(parting.times.toPrecision(2))} times as long`}.
            </p>
          )}
        </div>
      </div>
      <Track stage={stage} otherMs={other?.tookMs} />
      <div class="took">
        <Took stage={stage} />
        {other !== undefined && !(other.status === "done" && other.tookMs === undefined) && (
          <p class="other-took muted">
            {other.tookMs === undefined ? other.status : shortDuration(other.tookMs)}
          </p>
        )}
      </div>
    </li>
  );
}

function When({ stage }: { stage: StageView }) {
  if (stage.done_at !== null) return <Moment at={stage.done_at} />;
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
