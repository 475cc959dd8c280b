/** The stages of a message's answer with when their clocks started and what is normal for them, as the page and the command line show them. Pure. */
import { normalWindow } from "../core/normal.ts";
import { formatTime } from "../core/time.ts";
import { betweenMs } from "./between.ts";
import type { InstanceJson } from "./message-answers.ts";
import type { AnswerOf } from "./operation-types.ts";

export type Latency = AnswerOf<"getLatency">;
export type Stage = InstanceJson["stages"][number];

export interface StageView extends Stage {
  /** When its clock started; absent while it has not. */
  readonly startedAt?: string;
  /** What it has taken, or has been waited for by now, in milliseconds. */
  readonly tookMs?: number;
  /** From its clock's start to when it is due. */
  readonly withinMs?: number;
  /** Half of all, and 99 of 100, take no longer. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** The window of `getLatency` that has what is normal, as the lists of what is stuck have it. */
export function normalTimes(nowMs: number): { readonly since: string; readonly until: string } {
  const { since, until } = normalWindow(nowMs * 1_000);
  return { since: formatTime(since), until: formatTime(until) };
}

/**
 * @param latency of `normalTimes`
 * @param nowMs by Mars' clock
 */
export function stageViews(
  stages: readonly Stage[],
  latency: Latency | undefined,
  nowMs: number,
): StageView[] {
  const doneAt = new Map(
    stages.flatMap(({ stage_events, done_at }) => stage_events.map((name) => [name, done_at])),
  );
  return stages.map((stage) => {
    const started = stage.after_events
      .map((name) => doneAt.get(name))
      .filter((time) => typeof time === "string")
      .sort()[0];
    const normal = latency?.hops.find((hop) => hop.stage === stage.stage && hop.after === stage.after)?.now;
    const end = stage.done_at ?? new Date(nowMs).toISOString();
    const runs = stage.done_at !== null || stage.status === "waiting" || stage.status === "overdue";
    return {
      ...stage,
      ...(started !== undefined && { startedAt: started }),
      ...(started !== undefined && runs && { tookMs: Math.max(0, betweenMs(started, padded(end))) }),
      ...(started !== undefined && stage.due_at !== null && { withinMs: betweenMs(started, stage.due_at) }),
      ...(normal?.p50_ms != null && { p50Ms: normal.p50_ms }),
      ...(normal?.p99_ms != null && { p99Ms: normal.p99_ms }),
    };
  });
}

/** With six digits, as the answers have them. */
function padded(time: string): string {
  return time.length === 24 ? `${time.slice(0, 23)}000Z` : time;
}
