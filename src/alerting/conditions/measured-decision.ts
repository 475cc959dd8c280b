/** The evaluator's decision about an incident of a condition, which is measured again and again. Pure. */
import type { Micros } from "../../core/event.ts";
import type { Decision, Moment } from "../decision.ts";
import type { Incident } from "../incident.ts";
import type { AlertRule } from "../rule.ts";

/** The interval at which conditions are measured. */
export const measureEvery: Micros = 10_000_000;
const never = Number.POSITIVE_INFINITY;

/**
 * It is notified while the condition holds, and resolved when it has not held for the rule's window: values near the bound come
 * and go. An absence ends with the event that comes, a drift with the look that finds none.
 */
export function decideMeasured(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, figures, lookAt, silentUntil = 0 } = moment;
  if (figures === undefined) {
    return clock < lookAt ? { action: "wait", until: lookAt } : { action: "read_figures" };
  }
  const { measured } = figures;
  const next = clock + measureEvery;
  // It cannot be said now: Mars is behind, or producers may hold events back.
  if (measured === undefined) return { action: "wait", until: next };
  const { holds } = measured;
  if (incident.resolvedAt > 0) {
    if (holds) return { action: "reopen" };
    const closesAt = incident.resolvedAt + rule.windowMs * 1_000;
    return clock >= closesAt
      ? { action: "end", ending: "resolved" }
      : { action: "wait", until: Math.min(closesAt, next) };
  }
  if (!holds) {
    const endsAt = incident.belowSince + settleTime(incident, rule);
    return clock >= endsAt
      ? { action: "end", ending: "resolved" }
      : { action: "wait", until: Math.min(endsAt, next) };
  }
  const silent = silentUntil > clock;
  if (incident.notifiedAt === 0) {
    if (!silent || !incident.silenced) return { action: "notify", type: "incident.opened", silenced: silent };
    return { action: "wait", until: Math.min(silentUntil, next) };
  }
  if (silent) return { action: "wait", until: Math.min(silentUntil, next) };
  if (moment.unnotified) return { action: "notify", type: "incident.opened", silenced: false };
  const growAt =
    rule.growAfterMs === 0 || !growsBy(incident, rule, measured.value)
      ? never
      : incident.notifiedAt + rule.growAfterMs * 1_000;
  if (clock >= growAt) return { action: "notify", type: "incident.grown", silenced: false };
  const reminds = rule.repeatMs > 0 && incident.acknowledgedAt === 0;
  const remindAt = reminds ? incident.notifiedAt + rule.repeatMs * 1_000 : never;
  if (clock >= remindAt) return { action: "notify", type: "incident.reminder", silenced: false };
  return { action: "wait", until: Math.min(next, growAt, remindAt) };
}

/** Whether the incident may reopen after it was resolved, for the rule's window. */
export function restsAfterEnd({ kind, resolvedAt }: Incident): boolean {
  return (kind === "share" || kind === "latency") && resolvedAt === 0;
}

function settleTime({ kind }: Incident, { windowMs }: AlertRule): Micros {
  return kind === "share" || kind === "latency" ? windowMs * 1_000 : 0;
}

/** An absence grows by itself, which is no news. Of a drift every further difference is. */
function growsBy({ kind, notifiedCount }: Incident, { growFactor }: AlertRule, value: number): boolean {
  if (kind === "absence") return false;
  return kind === "drift" ? value > notifiedCount : value >= notifiedCount * growFactor;
}
