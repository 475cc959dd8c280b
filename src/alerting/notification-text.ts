/** Notifications in words: one line, for people. */
import type { Micros } from "../core/event.ts";
import { formatTime, microsBetween } from "../core/time.ts";
import { isConditionKind } from "./conditions/condition.ts";
import { measuredEndText, measuredSubject, measuredText } from "./conditions/measured-text.ts";
import { countMax, type Figures, heldOf } from "./figures.ts";
import type { Incident, IncidentEnding } from "./incident.ts";
import type { IncidentCare, NotificationType } from "./notification.ts";
import { durationText, hopText, nameCharsMax, shown, timeText } from "./text-parts.ts";

/** Characters of a message's id that are shown. */
const idCharsMax = 64;

export interface Facts {
  readonly figures: Figures;
  readonly clock: Micros;
  /** The rule's. */
  readonly windowMs: number;
  readonly atLeast: number;
  /** Of an incident that has ended. */
  readonly ending?: IncidentEnding;
}

/**
 * Such as `shop: 312 messages stuck at PAID → SHIPPED since 12:01 UTC, longest 4 m 10 s, normally within 3 s, sample ids a, b, c`.
 * Where not all are fresh, these come first: `shop: 50 new messages stuck at PAID → SHIPPED since 12:01 UTC, 51 in all since …`.
 */
export function notificationText(type: NotificationType, incident: Incident, facts: Facts): string {
  const app = shown(incident.appId, nameCharsMax);
  if (isConditionKind(incident.kind)) return `${app}: ${conditionText(type, incident, facts)}`;
  if (type === "incident.closed") return `${app}: closed: ${closedText(incident, facts)}`;
  if (type === "incident.resolved") return `${app}: resolved: ${resolvedText(incident, facts)}`;
  const { figures, clock } = facts;
  const { count, since, fresh, freshSince, samples } = figures;
  const some = fresh > 0 && fresh < count;
  const from = (at: Micros | undefined) => (at === undefined ? "" : ` since ${timeText(at, clock)}`);
  const all = `${messagesText(count)} ${whatOf(incident)}${from(since)}`;
  const parts =
    type === "incident.reminder"
      ? [`still ${all}`, some && `${shownCount(fresh)} of them new`]
      : some
        ? [
            `${messagesText(fresh, "new ")} ${whatOf(incident)}${from(freshSince)}`,
            `${shownCount(count)} in all${from(since)}`,
          ]
        : [all];
  const ids = samples.map(shownId).join(", ");
  const texts = [...parts, ...durationTexts(incident, facts)].filter((part) => part !== false);
  // Sample ids are at the end, so that they can be taken out of what is recorded.
  const grown =
    type === "incident.grown"
      ? `growing${figures.burstSince === undefined ? "" : " after a quiet time"}: `
      : "";
  return `${app}: ${grown}${texts.join(", ")}, sample ${samples.length === 1 ? "id" : "ids"} ${ids}`;
}

/** Of an incident of a condition. */
function conditionText(type: NotificationType, incident: Incident, facts: Facts): string {
  const { figures, clock, windowMs, ending } = facts;
  const lasted = `after ${durationText(microsBetween(incident.openedAt, clock))}`;
  const { measured, samples } = figures;
  if (type === "incident.closed") {
    const why = ending === "rule_deleted" ? "was deleted" : "is about something else now";
    return `closed: ${measuredSubject(incident)}: the rule ${incident.rule} ${why}, ${lasted}`;
  }
  const time = (at: Micros) => timeText(at, clock);
  if (type === "incident.resolved") {
    const why =
      measured === undefined
        ? `${measuredSubject(incident)}, ${lasted}`
        : measuredEndText(incident, { measured, windowMs, time }, lasted);
    return `resolved: ${why}`;
  }
  if (measured === undefined) throw new Error("an incident of a condition has been measured");
  const before = type === "incident.grown" ? "growing: " : type === "incident.reminder" ? "still " : "";
  const text = `${before}${measuredText(incident, { measured, windowMs, time })}`;
  if (samples.length === 0) return text;
  return `${text}, sample ${samples.length === 1 ? "id" : "ids"} ${samples.map(shownId).join(", ")}`;
}

/** Such as `shop: incident 7 (stuck at PAID → SHIPPED) acknowledged by Ann`. The text of a note is not in it. */
export function careText(type: IncidentCare, incident: Incident, by: string): string {
  const { id, assignedTo, snoozedUntil } = incident;
  const to = assignedTo === "" ? "nobody" : shown(assignedTo, nameCharsMax);
  const done = {
    "incident.acknowledged": "acknowledged",
    "incident.assigned": `assigned to ${to}`,
    "incident.noted": "noted",
    "incident.snoozed": `snoozed until ${formatTime(snoozedUntil)}`,
  }[type];
  const subject = isConditionKind(incident.kind) ? measuredSubject(incident) : whatOf(incident);
  const what = `incident ${id} (${subject}) ${done} by ${shown(by, nameCharsMax)}`;
  return `${shown(incident.appId, nameCharsMax)}: ${what}`;
}

function messagesText(count: number, adjective = ""): string {
  return `${shownCount(count)} ${adjective}${count === 1 ? "message" : "messages"}`;
}

function shownCount(count: number): string {
  return count > countMax ? `more than ${countMax}` : String(count);
}

/** How long it takes now, and normally. */
function durationTexts({ kind }: Incident, { figures, clock }: Facts): string[] {
  const { since, lateBy, hopP99 } = figures;
  const normally = hopP99 === undefined ? [] : [`normally within ${durationText(hopP99)}`];
  if (kind === "late") return [`by up to ${durationText(lateBy)}`, ...normally];
  if (kind !== "missing" || since === undefined) return [];
  return [`longest ${durationText(microsBetween(since, clock))}`, ...normally];
}

/** A message's id as the text shows it. Such ids are at the text's end, behind `, sample id`. */
export function shownId(messageId: string): string {
  return shown(messageId, idCharsMax);
}

function whatOf(incident: Incident): string {
  switch (incident.kind) {
    case "missing":
      return `stuck at ${hopText(incident)}`;
    case "late":
      return `late at ${hopText(incident)}`;
    case "skipped":
      return `complete without ${hopText(incident)}`;
    case "failed":
      return `failed with ${hopText(incident)}`;
    case "abandoned":
      return `abandoned at ${hopText(incident)}`;
    default:
      throw new Error(`an incident of ${incident.kind} counts no messages`);
  }
}

/** Nothing was resolved: messages were deleted, given up or closed by people, or nobody looks any more. */
function closedText(incident: Incident, { figures, clock, ending }: Facts): string {
  const { expired = 0, abandoned = 0, closed = 0, count } = figures;
  const lasted = `after ${durationText(microsBetween(incident.openedAt, clock))}`;
  const left = count === 0 ? "" : `, ${messagesText(count)} still ${whatOf(incident)}`;
  if (ending === "rule_deleted") return `the rule ${incident.rule} was deleted${left}, ${lasted}`;
  if (ending === "rule_changed") {
    return `the rule ${incident.rule} is not about ${hopText(incident)} any more${left}, ${lasted}`;
  }
  if (ending === "closed_by_people") {
    return `${messagesText(closed)} ${whatOf(incident)} resolved or ignored by people${left}, ${lasted}`;
  }
  if (ending === "abandoned") {
    return `${messagesText(abandoned)} ${whatOf(incident)} abandoned, as the lifecycle gives up${left}, ${lasted}`;
  }
  return `${messagesText(expired)} ${whatOf(incident)} expired unfinished, deleted by retention or erased${left}, ${lasted}`;
}

function resolvedText(incident: Incident, { figures, clock, windowMs, atLeast }: Facts): string {
  const lasted = `after ${durationText(microsBetween(incident.openedAt, clock))}`;
  const window = durationText(windowMs * 1_000);
  if (incident.kind !== "missing") {
    const few = atLeast === 1 ? "no more messages" : `fewer than ${atLeast} messages`;
    return `${few} ${whatOf(incident)} ${atLeast === 1 ? "for" : "within"} ${window}, ${lasted}`;
  }
  const { imported = 0 } = figures;
  const held = heldOf(figures);
  const others = imported === 0 ? "" : `, besides ${shownCount(imported)} imported`;
  if (held === 0) return `no message is ${whatOf(incident)} any more${others}, ${lasted}`;
  return `fewer than ${atLeast} messages are ${whatOf(incident)}, ${shownCount(held)} left${others}, ${lasted}`;
}
