/** Incidents of conditions in words: parts of one line, for people. */
import type { Micros } from "../../core/event.ts";
import type { Incident } from "../incident.ts";
import { durationText, hopText } from "../text-parts.ts";
import { type Measured, wholeShare } from "./measured.ts";

/** In a text; the figures have them all. */
const differencesShownMax = 5;

export interface MeasuredFacts {
  readonly measured: Measured;
  readonly windowMs: number;
  readonly time: (at: Micros) => string;
}

/**
 * Such as `7.2 % of 1000 messages deviate at PAID → SHIPPED within 5 m, more than 5 %`, and
 * `p95 of PAID → SHIPPED is 40 s, of 200 messages within 5 m, more than 30 s`.
 */
export function measuredText(incident: Incident, { measured, windowMs, time }: MeasuredFacts): string {
  const { value, bound, messages, since, usual, percentile, differences = [] } = measured;
  const within = `within ${durationText(windowMs * 1_000)}`;
  switch (incident.kind) {
    case "share":
      return `${percentText(value)} of ${messagesText(messages)} deviate at ${hopText(incident)} ${within}, more than ${percentText(bound)}`;
    case "latency": {
      const more = usual === undefined ? "" : `, usually ${durationText(usual)}`;
      return `${timeOf(incident, percentile)} is ${durationText(value)}, of ${messagesText(messages)} ${within}, more than ${durationText(bound)}${more}`;
    }
    case "absence":
      return `no ${hopText(incident)} for ${durationText(value)}, expected within ${durationText(bound)}${since === undefined ? "" : `, none since ${time(since)}`}`;
    default:
      return `messages differ from the lifecycle: ${differencesText(differences)}`;
  }
}

function differencesText(differences: readonly string[]): string {
  const more = differences.length - differencesShownMax;
  const first = differences.slice(0, differencesShownMax).join("; ");
  return more > 0 ? `${first}; and ${more} more` : first;
}

/** Why it is resolved. */
export function measuredEndText(
  incident: Incident,
  { measured, windowMs, time }: MeasuredFacts,
  lasted: string,
): string {
  const { value, bound, since, messages, percentile } = measured;
  const held = durationText(windowMs * 1_000);
  switch (incident.kind) {
    case "share":
      return `no more than ${percentText(bound)} of messages deviate at ${hopText(incident)} for ${held}, ${lasted}`;
    case "latency":
      return messages === 0
        ? `too few messages pass ${hopText(incident)} to be measured for ${held}, ${lasted}`
        : `${timeOf(incident, percentile)} is ${durationText(value)}, no more than ${durationText(bound)} for ${held}, ${lasted}`;
    case "absence":
      return `${hopText(incident)} came${since === undefined ? "" : ` at ${time(since)}`}, ${lasted}`;
    default:
      return `messages are as the lifecycle has them, ${lasted}`;
  }
}

/** What it was about, where that cannot be measured any more. */
export function measuredSubject(incident: Incident): string {
  switch (incident.kind) {
    case "share":
      return `the share of messages that deviate at ${hopText(incident)}`;
    case "latency":
      return `the time that ${hopText(incident)} takes`;
    case "absence":
      return `the absence of ${hopText(incident)}`;
    default:
      return "the drift from the lifecycle";
  }
}

/** @param percentile absent of what an earlier Mars has measured */
function timeOf(incident: Incident, percentile: number | undefined): string {
  return `${percentile === undefined ? "the time" : `p${percentile}`} of ${hopText(incident)}`;
}

function messagesText(count: number): string {
  return `${count} ${count === 1 ? "message" : "messages"}`;
}

function percentText(share: number): string {
  return `${Math.round((share * 1_000) / wholeShare) / 10} %`;
}
