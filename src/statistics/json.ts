/** The JSON form of what is counted, the same in every protocol that speaks JSON. Absent values are `null`. */
import type { MessageKey, Micros } from "../core/event.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime } from "../core/time.ts";
import type { AppPage, Distribution, Funnel, Latency, Rates } from "./statistics.ts";

/** @param messages makes the link to the messages behind a number */
export function funnelToJson(
  { since, until, opened, stages }: Funnel,
  messages: (filters: Readonly<Record<string, string>>) => string,
) {
  const window = { since: formatTime(since), until: formatTime(until) };
  const linked = (stage: string, after: string, state: string, count: number) => ({
    count,
    messages: messages({ stage, stage_state: state, after, ...window }),
  });
  return {
    ...window,
    opened: { count: opened, messages: messages({ followed: "1", ...window }) },
    stages: stages.map(({ stage, after, reached, waiting, overdue, never }) => ({
      ...stageToJson(stage, after),
      reached: linked(stage, after, "reached", reached),
      waiting: linked(stage, after, "waiting", waiting),
      overdue: linked(stage, after, "overdue", overdue),
      never: linked(stage, after, "never", never),
    })),
  };
}

export function latencyToJson({ since, until, hops }: Latency) {
  const whole = hops.find(({ stage }) => stage === "");
  return {
    since: formatTime(since),
    until: formatTime(until),
    end_to_end: whole === undefined ? null : comparison(whole),
    hops: hops
      .filter(({ stage }) => stage !== "")
      .map((hop) => ({ ...stageToJson(hop.stage, hop.after), ...comparison(hop) })),
  };
}

export function ratesToJson({ since, until, step, stages }: Rates) {
  return { since: formatTime(since), until: formatTime(until), step_ms: milliseconds(step), stages };
}

/** @param asOfSeq every event up to here counts */
export function appPageToJson({ apps, nextCursor }: AppPage, asOfSeq: number) {
  return {
    apps: apps.map((app) => ({
      app_id: app.appId,
      lifecycle_version: app.lifecycleVersion ?? null,
      messages: app.messages,
      events: app.events,
      events_ahead: app.eventsAhead,
      last_event: textOrNull(app.lastEvent),
      last_event_at: app.lastEvent === "" ? null : formatTime(app.lastEventAt),
    })),
    next_cursor: nextCursor ?? null,
    as_of_seq: asOfSeq,
  };
}

function comparison({ now, before }: { readonly now: Distribution; readonly before: Distribution }) {
  return { now: distributionToJson(now), before: distributionToJson(before) };
}

/** Of what was not counted nothing is known but that. */
function distributionToJson({ count, max, percentiles }: Distribution) {
  const at = (percent: number) => percentiles.find((one) => one.percent === percent);
  const lasting = (value: Micros | undefined) =>
    count === 0 || value === undefined ? null : milliseconds(value);
  const example = (percent: number) => exampleToJson(at(percent)?.example);
  return {
    count,
    p50_ms: lasting(at(50)?.value),
    p90_ms: lasting(at(90)?.value),
    p95_ms: lasting(at(95)?.value),
    p99_ms: lasting(at(99)?.value),
    max_ms: lasting(max),
    examples: { p50: example(50), p90: example(90), p95: example(95), p99: example(99) },
  };
}

export function exampleToJson(example: MessageKey | undefined) {
  if (example === undefined) return null;
  const { appId, messageId } = example;
  return {
    app_id: appId,
    message_id: messageId,
    message: `/api/apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}`,
  };
}

export function milliseconds(micros: Micros): number {
  return micros / 1_000;
}

function textOrNull(text: string): string | null {
  return text === "" ? null : text;
}
