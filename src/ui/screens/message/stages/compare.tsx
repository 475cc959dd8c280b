/** The message beside another one of its app: a typical one, or any. */
import { betweenMs } from "../../../../api/between.ts";
import { type Latency, type StageView, stageViews } from "../../../../api/stage-views.ts";
import { normalDays } from "../../../../core/normal.ts";
import { now } from "../../../data/clock.ts";
import type { Message } from "../../../data/message-events.ts";
import { useRead } from "../../../data/resource.ts";
import { here, messageAddress, parameter } from "../../../data/route.ts";
import { shortDuration } from "../../../data/text.ts";
import { type Parting, partingOf } from "./parting.ts";

export interface Compared {
  readonly message: Message;
  readonly stages: readonly StageView[];
  /** Absent where the two go the same way. */
  readonly parting?: Parting;
}

interface Comparison {
  /** Absent where none is asked for. */
  readonly asked?: "normal" | "other";
  readonly compared?: Compared;
  readonly pending: boolean;
}

/** What the address asks for by `compare`: `normal`, or the id of a message of the app. */
export function useComparison(
  message: Message,
  stages: readonly StageView[],
  latency: Latency | undefined,
): Comparison {
  const asked = parameter("compare");
  const examples = latency?.end_to_end?.now.examples;
  const typical = (examples?.p50 ?? examples?.p90)?.message_id;
  const id = asked === "normal" ? typical : asked;
  const { data, pending, error } = useRead(
    "getMessage",
    { app_id: message.app_id, message_id: id ?? "", order: "newest", limit: 1 },
    { when: id !== undefined },
  );
  if (asked === undefined) return { pending: false };
  const kind = asked === "normal" ? "normal" : "other";
  if (data?.lifecycle == null) {
    const waits = asked === "normal" && latency === undefined ? true : id !== undefined && pending;
    return { asked: kind, pending: waits && error === undefined };
  }
  const others = stageViews(data.lifecycle.stages, latency, now.peek());
  const parting = partingOf(stages, others);
  return {
    asked: kind,
    pending: false,
    compared: { message: data, stages: others, ...(parting !== undefined && { parting }) },
  };
}

export function CompareLine({ comparison: { asked, compared, pending } }: { comparison: Comparison }) {
  if (asked === undefined) {
    return (
      <a class="button quiet" href={here({ compare: "normal" })}>
        Compare with a normal message
      </a>
    );
  }
  const stop = (
    <a class="button quiet" href={here({ compare: undefined })}>
      Stop comparing
    </a>
  );
  if (compared === undefined) {
    return (
      <>
        <span class="muted" role="status">
          {pending
            ? "Reading the other message…"
            : asked === "normal"
              ? `No message of the last ${normalDays} days is complete.`
              : "The other message is not there, or has no lifecycle."}
        </span>
        {stop}
      </>
    );
  }
  const { message, parting } = compared;
  const end = message.lifecycle?.completed_at;
  return (
    <>
      <span>
        beside{" "}
        <a class="id" href={messageAddress(message)}>
          {message.message_id}
        </a>
        {end != null && (
          <span class="muted">
            , complete in {shortDuration(betweenMs(message.created_at, end))}
            {asked === "normal" && " as half of all"}
          </span>
        )}
        {parting === undefined && <span class="muted">; they go the same way</span>}
      </span>
      {stop}
    </>
  );
}
