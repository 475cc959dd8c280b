/** The evaluator's decision about one incident at one moment. Pure. */
import type { Micros } from "../core/event.ts";
import { isConditionKind } from "./conditions/condition.ts";
import { decideMeasured } from "./conditions/measured-decision.ts";
import { type Figures, heldOf } from "./figures.ts";
import type { Incident, IncidentEnding } from "./incident.ts";
import type { AlertRule } from "./rule.ts";

/** Findings that are raised together, as after downtime, have one notification. It waits until none was added for so long. */
const quietFor: Micros = 500_000;
/** The notification waits no longer than this. */
const quietForMax: Micros = 10_000_000;
/** Messages that retention deletes leave no trace in the findings' changes: the interval at which figures are read again. */
const lookEvery: Micros = 10_000_000;
const never = Number.POSITIVE_INFINITY;

export interface Moment {
  readonly clock: Micros;
  /** When a finding was last added to the incident, by the same clock. */
  readonly extendedAt: Micros;
  /** When the first one was added since figures were last read; absent where none was. */
  readonly extendedFrom?: Micros;
  /** When figures were last read, and when they are to be read next unless findings change; 0 where they were not. */
  readonly lookedAt: Micros;
  readonly lookAt: Micros;
  /** The end of the silence that matches, or for which it is snoozed; absent where neither is. */
  readonly silentUntil?: Micros;
  /** A sink of the rule has not been notified of the incident. */
  readonly unnotified: boolean;
  /** Read after `read_figures`. */
  readonly figures?: Figures;
}

export type Decision =
  /** Nothing before then, unless findings change. */
  | { readonly action: "wait"; readonly until: Micros }
  /** The decision needs the incident's figures. */
  | { readonly action: "read_figures" }
  | {
      readonly action: "notify";
      readonly type: "incident.opened" | "incident.grown" | "incident.reminder";
      /** Recorded and not sent. */
      readonly silenced: boolean;
    }
  /** The sinks that were notified of it are notified of this. */
  | { readonly action: "end"; readonly ending: IncidentEnding }
  /** As many findings hold again as the rule asks for. */
  | { readonly action: "reopen" };

/** @param rule the reason why none is about it any more, where none is */
export function decide(
  incident: Incident,
  rule: AlertRule | "rule_deleted" | "rule_changed",
  moment: Moment,
): Decision {
  if (typeof rule === "string") {
    return moment.figures === undefined ? { action: "read_figures" } : { action: "end", ending: rule };
  }
  if (isConditionKind(incident.kind)) return decideMeasured(incident, rule, moment);
  if (incident.resolvedAt > 0) return decideResolved(rule, moment);
  return incident.notifiedAt === 0
    ? decideNew(incident, rule, moment)
    : decideNotified(incident, rule, moment);
}

/** How many findings count for `atLeast`: of what stays for ever only those within the rule's window. */
export function levelOf({ kind }: Pick<Incident, "kind">, figures: Figures): number {
  return kind === "missing" ? heldOf(figures) : figures.recent;
}

function decideNew(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, extendedAt, silentUntil, figures } = moment;
  const together = incident.firstRaisedAt === incident.lastRaisedAt;
  const groupedAt = together
    ? Math.min(extendedAt + quietFor, Math.max(incident.openedAt, incident.reopenedAt) + quietForMax)
    : incident.openedAt;
  if (clock < groupedAt) return { action: "wait", until: groupedAt };
  if (figures === undefined) return { action: "read_figures" };
  const windowEndsAt = incident.lastRaisedAt + rule.windowMs * 1_000;
  if (heldOf(figures) === 0) {
    // The stages came after all, before any notification.
    return clock > windowEndsAt ? endOf(figures) : { action: "wait", until: windowEndsAt + 1 };
  }
  if (silentUntil === undefined) {
    return hasFallen(incident, rule, moment)
      ? endOf(figures)
      : { action: "notify", type: "incident.opened", silenced: false };
  }
  if (!incident.silenced) return { action: "notify", type: "incident.opened", silenced: true };
  const active = incident.kind === "missing" || clock <= windowEndsAt;
  return active && !hasFallen(incident, rule, moment)
    ? { action: "wait", until: Math.min(silentUntil, clock + lookEvery) }
    : endOf(figures);
}

function decideNotified(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, silentUntil = 0, figures, lookedAt, extendedAt, extendedFrom } = moment;
  const quietAt = incident.lastRaisedAt + rule.windowMs * 1_000 + 1;
  // Who takes care of it need not be reminded.
  const remindAt =
    rule.repeatMs === 0 || incident.acknowledgedAt > 0
      ? never
      : Math.max(incident.notifiedAt + rule.repeatMs * 1_000, silentUntil);
  const groupedAt =
    extendedFrom === undefined ? 0 : Math.min(extendedAt + quietFor, extendedFrom + quietForMax);
  const growAt =
    rule.growAfterMs === 0
      ? never
      : Math.max(incident.notifiedAt + rule.growAfterMs * 1_000, groupedAt, silentUntil);
  // What comes after a quiet time is news, however few it is beside what was there before.
  const quick = Math.min(extendedAt + quietFor, (extendedFrom ?? extendedAt) + quietForMax);
  const burstAt = incident.burstFrom === 0 || rule.growAfterMs === 0 ? never : Math.max(quick, silentUntil);
  const tellAt = moment.unnotified ? Math.max(clock, silentUntil) : never;
  if (figures === undefined) {
    const lookAt = Math.min(
      quietAt,
      remindAt,
      tellAt,
      moment.lookAt,
      extendedFrom === undefined ? never : Math.max(growAt, lookedAt + lookEvery),
      extendedFrom === undefined
        ? never
        : Math.max(burstAt, lookedAt < incident.burstFrom ? 0 : lookedAt + lookEvery),
    );
    return clock < lookAt ? { action: "wait", until: lookAt } : { action: "read_figures" };
  }
  const quiet = clock >= quietAt;
  const over = quiet && (incident.kind !== "missing" || heldOf(figures) === 0);
  if (over || hasFallen(incident, rule, moment)) return endOf(figures);
  const holds = heldOf(figures) > 0;
  if (holds && clock >= tellAt) return { action: "notify", type: "incident.opened", silenced: false };
  const grown = hasGrown(incident, rule, figures);
  const burst = figures.burstSince !== undefined;
  if ((grown && clock >= growAt) || (burst && clock >= burstAt))
    return { action: "notify", type: "incident.grown", silenced: false };
  if (holds && clock >= remindAt) return { action: "notify", type: "incident.reminder", silenced: false };
  const next = [quietAt, remindAt, grown ? growAt : never, burst ? burstAt : never, tellAt].filter(
    (at) => at > clock,
  );
  const looks = quiet || rule.atLeast > 1 ? clock + lookEvery : never;
  return { action: "wait", until: Math.min(...next, looks, fallsAt(incident, rule)) };
}

function decideResolved(rule: AlertRule, { clock, figures }: Moment): Decision {
  if (figures === undefined) return { action: "read_figures" };
  const held = heldOf(figures);
  if (held === 0) return endOf(figures);
  return held >= rule.atLeast ? { action: "reopen" } : { action: "wait", until: clock + lookEvery };
}

/** Messages that were deleted, closed by people or given up have not recovered. */
function endOf({ expired = 0, closed = 0, abandoned = 0 }: Figures): Decision {
  if (expired > 0) return { action: "end", ending: "messages_deleted" };
  if (closed > 0) return { action: "end", ending: "closed_by_people" };
  return { action: "end", ending: abandoned > 0 ? "abandoned" : "resolved" };
}

/** When it has been below `atLeast` for the rule's window. Where one is enough, what none is left of ends sooner. */
function fallsAt({ belowSince }: Incident, { atLeast, windowMs }: AlertRule): Micros {
  return atLeast === 1 || belowSince === 0 ? never : belowSince + windowMs * 1_000;
}

function hasFallen(incident: Incident, rule: AlertRule, { clock }: Moment): boolean {
  return clock >= fallsAt(incident, rule);
}

function hasGrown({ notifiedCount }: Incident, rule: AlertRule, figures: Figures): boolean {
  const count = heldOf(figures);
  return count >= notifiedCount * rule.growFactor && count >= notifiedCount + rule.growAtLeast;
}
