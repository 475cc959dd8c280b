/** Notifications in words: one line, for people. */
import type { Micros } from "../core/event.ts";
import { formatTime, microsBetween } from "../core/time.ts";
import { countMax, type Figures } from "./figures.ts";
import type { Incident, IncidentEnding } from "./incident.ts";
import type { NotificationType } from "./notification.ts";

/** Characters of an app's or stage's name, and of a message's id, that are shown. */
const nameCharsMax = 100;
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
  if (type === "incident.closed") return `${app}: closed: ${closedText(incident, facts)}`;
  if (type === "incident.resolved") return `${app}: resolved: ${resolvedText(incident, facts)}`;
  const { figures, clock } = facts;
  const { count, since, fresh, freshSince, samples } = figures;
  const some = fresh > 0 && fresh < count;
  const from = (at: Micros | undefined) => (at === undefined ? "" : ` since ${timeText(at, clock)}`);
  const all = `${messagesText(count)} ${what(incident)}${from(since)}`;
  const parts =
    type === "incident.reminder"
      ? [`still ${all}`, some && `${shownCount(fresh)} of them new`]
      : some
        ? [
            `${messagesText(fresh, "new ")} ${what(incident)}${from(freshSince)}`,
            `${shownCount(count)} in all${from(since)}`,
          ]
        : [all];
  const ids = samples.map(shownId).join(", ");
  const texts = [...parts, ...durationTexts(incident, facts)].filter((part) => part !== false);
  // Sample ids are at the end, so that they can be taken out of what is recorded.
  const grown = type === "incident.grown" ? "growing: " : "";
  return `${app}: ${grown}${texts.join(", ")}, sample ${samples.length === 1 ? "id" : "ids"} ${ids}`;
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

function what(incident: Incident): string {
  switch (incident.kind) {
    case "missing":
      return `stuck at ${hopText(incident)}`;
    case "late":
      return `late at ${hopText(incident)}`;
    case "skipped":
      return `complete without ${hopText(incident)}`;
    case "failed":
      return `failed with ${hopText(incident)}`;
  }
}

/** Nothing was resolved: messages were deleted, or nobody looks any more. */
function closedText(incident: Incident, { figures, clock, ending }: Facts): string {
  const { expired = 0, count } = figures;
  const lasted = `after ${durationText(microsBetween(incident.openedAt, clock))}`;
  const left = count === 0 ? "" : `, ${messagesText(count)} still ${what(incident)}`;
  if (ending === "rule_deleted") return `the rule ${incident.rule} was deleted${left}, ${lasted}`;
  if (ending === "rule_changed") {
    return `the rule ${incident.rule} is not about ${hopText(incident)} any more${left}, ${lasted}`;
  }
  return `${messagesText(expired)} ${what(incident)} expired unfinished, deleted by retention or erased${left}, ${lasted}`;
}

function resolvedText(incident: Incident, { figures, clock, windowMs, atLeast }: Facts): string {
  const lasted = `after ${durationText(microsBetween(incident.openedAt, clock))}`;
  const window = durationText(windowMs * 1_000);
  if (incident.kind !== "missing") {
    const few = atLeast === 1 ? "no more messages" : `fewer than ${atLeast} messages`;
    return `${few} ${what(incident)} ${atLeast === 1 ? "for" : "within"} ${window}, ${lasted}`;
  }
  if (figures.count === 0) return `no message is ${what(incident)} any more, ${lasted}`;
  return `fewer than ${atLeast} messages are ${what(incident)}, ${shownCount(figures.count)} left, ${lasted}`;
}

function hopText({ after, stage }: Incident): string {
  const name = shown(stage, nameCharsMax);
  return after === "" ? name : `${shown(after, nameCharsMax)} → ${name}`;
}

/** The minute, and the day where it is another one. */
function timeText(at: Micros, clock: Micros): string {
  const time = formatTime(at);
  const day = time.slice(0, 10);
  const minute = `${time.slice(11, 16)} UTC`;
  return day === formatTime(clock).slice(0, 10) ? minute : `${day} ${minute}`;
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** In its two largest units: `4 m 10 s`. */
export function durationText(duration: Micros): string {
  if (duration < 1_000_000) return `${Math.max(0, Math.round(duration / 1_000))} ms`;
  let rest = Math.floor(duration / 1_000_000);
  const parts: string[] = [];
  for (const [unit, seconds] of units) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
    // A unit after one that is zero is too small to matter.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** One line: names and ids may hold any character. */
function shown(text: string, charsMax: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  const chars = [...line];
  return chars.length <= charsMax ? line : `${chars.slice(0, charsMax - 1).join("")}…`;
}
