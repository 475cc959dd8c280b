/** What is wrong with a message, or what is next, in a sentence or two. */
import type { MessageJson } from "../../api/message-answers.ts";
import type { StageView } from "../../api/stage-views.ts";
import { harmless } from "../cell.ts";
import { durationText, momentText } from "../moment.ts";

/** @param nowMs by Mars' clock */
export function verdictOf(message: MessageJson, stages: readonly StageView[], nowMs: number): string {
  const missing = stages.filter(({ status }) => status === "overdue").sort(byDue);
  const [first] = missing;
  if (first !== undefined) return missingText(first, missing.length - 1, nowMs);
  if (message.state === "closed") return "What is missing was resolved or ignored by people.";
  const { failed_at, abandoned_at } = message.lifecycle ?? {};
  if (message.state === "failed") return failedText(message, failed_at ?? undefined);
  if (message.state === "abandoned") {
    const at = abandoned_at == null ? "" : ` ${momentText(abandoned_at)}`;
    return `Given up${at}: it was overdue for as long as its lifecycle waits.`;
  }
  const skipped = stages.filter(({ status }) => status === "skipped").map(nameOf);
  if (skipped.length > 0) return `${skipped.join(", ")} was skipped; the message went on without it.`;
  const next = stages.filter(({ status, due_at }) => status === "waiting" && due_at !== null).sort(byDue)[0];
  if (next !== undefined) return `Next: ${nameOf(next)}, ${dueText(next, nowMs)}.`;
  const late = stages.filter(({ late_by_ms }) => late_by_ms !== null);
  const [one] = late;
  if (one?.late_by_ms != null) return `${nameOf(one)} came ${durationText(one.late_by_ms)} late.`;
  if (message.lifecycle === null) return "No lifecycle says what should happen to it.";
  return message.state === "complete" ? "Nothing is missing." : "";
}

function missingText(stage: StageView, others: number, nowMs: number): string {
  const { after, tookMs, p99Ms, withinMs, due_at, owed, stage: name } = stage;
  const normal =
    p99Ms !== undefined
      ? `; 99 of 100 take at most ${durationText(p99Ms)}`
      : withinMs !== undefined
        ? `; it may take ${durationText(withinMs)}`
        : "";
  return [
    name === "children" ? "Not all parts are complete." : `${nameOf(stage)} has not come.`,
    after !== null && tookMs !== undefined
      ? `${harmless(after)} was ${durationText(tookMs)} ago${normal}.`
      : "",
    due_at === null ? "" : `Due ${momentText(due_at)}, ${durationText(nowMs - Date.parse(due_at))} ago.`,
    owed !== null && owed.missing.length > 0 ? `Missing: ${owed.missing.map(harmless).join(", ")}.` : "",
    others > 0 ? `${others} more ${others === 1 ? "is" : "are"} missing.` : "",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function failedText({ events }: MessageJson, failedAt: string | undefined): string {
  const cause = events.find(({ created_at }) => created_at === failedAt);
  const at = failedAt === undefined ? "" : `, ${momentText(failedAt)}`;
  return `The message failed${cause === undefined ? "" : `: ${harmless(cause.event)}`}${at}. Nothing more is expected of it.`;
}

export function dueText({ due_at }: StageView, nowMs: number): string {
  if (due_at === null) return "not due yet";
  const leftMs = Date.parse(due_at) - nowMs;
  return leftMs > 0 ? `due in ${durationText(Math.ceil(leftMs / 1_000) * 1_000)}` : "due now";
}

export function nameOf({ stage }: Pick<StageView, "stage">): string {
  return harmless(stage);
}

function byDue(a: StageView, b: StageView): number {
  return (a.due_at ?? "") < (b.due_at ?? "") ? -1 : 1;
}
