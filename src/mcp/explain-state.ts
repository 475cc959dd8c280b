/** The state of a message in words: why it is stuck, what it waits for, or how it has ended. */
import type { InstanceJson, MessageJson } from "../api/message-answers.ts";
import { durationWords, quote, quoteAll, sinceWords } from "./words.ts";

type Stage = InstanceJson["stages"][number];

/** @param nowMs by which times are compared */
export function explainState(message: MessageJson, nowMs = Date.now()): string[] {
  const { app_id, message_id, state, overdue_since, lifecycle } = message;
  const name = `The message ${quote(message_id)} of the app ${quote(app_id)}`;
  const stages = lifecycle?.stages ?? [];
  const of = (status: Stage["status"]) => stages.filter((stage) => stage.status === status);
  const late = of("done").filter(({ late_by_ms }) => late_by_ms !== null);
  return [
    ...headOf(),
    ...(lifecycle?.failures
      ? [`It has failed ${lifecycle.failures.count} times, last at ${lifecycle.failures.last_at}.`]
      : []),
    ...of("overdue").map((stage) => missing(stage, nowMs)),
    ...of("waiting")
      .filter(({ due_at, optional }) => due_at !== null || !optional)
      .map(({ stage, due_at }) => `Next: ${quote(stage)}${due_at === null ? "" : `, due at ${due_at}`}.`),
    ...(late.length === 0 ? [] : [`Late: ${late.map(lateness).join(", ")}.`]),
    ...(of("skipped").length === 0 ? [] : [`Skipped: ${quoteAll(of("skipped").map(({ stage }) => stage))}.`]),
  ];

  function headOf(): string[] {
    switch (state) {
      case "overdue":
        return [
          overdue_since === null
            ? `${name} is stuck.`
            : `${name} is stuck: it is overdue since ${overdue_since}, for ${sinceWords(overdue_since, nowMs)}.`,
        ];
      case "open":
        return [`${name} is under way, and nothing is overdue.`];
      case "complete":
        return [`${name} is complete${lifecycle?.completed_at ? ` since ${lifecycle.completed_at}` : ""}.`];
      case "failed":
        return [`${name} has failed${lifecycle?.failed_at ? ` at ${lifecycle.failed_at}` : ""}.`];
      case "abandoned":
        return [`${name} was overdue for so long that its lifecycle has given it up.`];
      case "closed":
        return [`${name} misses something, and people have resolved or ignored that.`];
      default:
        return [
          `${name} is untracked: no lifecycle follows it, so Mars does not know what should have happened.`,
        ];
    }
  }
}

/** Why it is stuck: the stage that is missing. */
function missing({ stage, after, due_at, owed, triage }: Stage, nowMs: number): string {
  const due = due_at === null ? "" : `; it was due at ${due_at}, ${sinceWords(due_at, nowMs)} ago`;
  const by =
    owed === null
      ? ""
      : `; ${owed.received} of ${owed.expected} have come${owed.missing.length === 0 ? "" : `, missing from ${quoteAll(owed.missing)}`}`;
  const mark = triage === null ? "" : `; ${triage.status} by ${quote(triage.by_name)}`;
  return `It waits for ${quote(stage)}${after === null ? "" : ` after ${quote(after)}`}, which has not come${due}${by}${mark}.`;
}

function lateness({ stage, late_by_ms }: Stage): string {
  return `${quote(stage)} by ${durationWords(late_by_ms ?? 0)}`;
}
