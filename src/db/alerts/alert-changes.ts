/** Changes of rules, sinks and silences, as the audit has them. */
import { type AlertCalendar, calendarToJson } from "../../alerting/hours/schedule.ts";
import { ruleToJson, silenceToJson, sinkToJson } from "../../alerting/json.ts";
import { type AlertRule, type StoredRule, withGrowth } from "../../alerting/rule.ts";
import type { AlertSilence } from "../../alerting/silence.ts";
import type { AlertSink } from "../../alerting/sink.ts";
import type { Change } from "../../core/audit.ts";
import type { Micros } from "../../core/event.ts";
import { parseObject } from "../read-connection.ts";

/** For all of these: @param text the record that is replaced, as JSON; `undefined` where there is none. */
export function ruleChange(id: string, text: string | undefined, now?: AlertRule): Change {
  const before = recordOf(text, (rule: StoredRule) => ({
    appId: rule.appId,
    json: ruleToJson(withGrowth(rule)),
  }));
  return { target: id, appId: (now ?? before)?.appId, old: before?.json, new: now && ruleToJson(now) };
}

export function sinkChange(id: string, text: string | undefined, now?: AlertSink): Change {
  const before = recordOf(text, (sink: AlertSink) => ({
    json: sinkToJson(sink),
    now: now && sinkToJson(now, sink),
  }));
  return { target: id, old: before?.json, new: before?.now ?? (now && sinkToJson(now)) };
}

export function calendarChange(id: string, text: string | undefined, now?: AlertCalendar): Change {
  const before = recordOf(text, (calendar: AlertCalendar) => ({ json: calendarToJson(calendar) }));
  return { target: id, old: before?.json, new: now && calendarToJson(now) };
}

/** @param at decides whether they have ended */
export function silenceChange(at: Micros, id: number, text: string | undefined, now?: AlertSilence): Change {
  const shown = (silence: AlertSilence) => silenceToJson(silence, at);
  const before = recordOf(text, (silence: AlertSilence) => ({
    appId: silence.appId,
    json: shown({ ...silence, id }),
  }));
  const target = String(id);
  return { target, appId: (now ?? before)?.appId, old: before?.json, new: now && shown(now) };
}

interface Shown {
  readonly json: object;
  readonly appId?: string | undefined;
  readonly now?: object | undefined;
}

function recordOf<T>(text: string | undefined, show: (record: T) => Shown): Shown | undefined {
  if (text === undefined) return undefined;
  try {
    return show(parseObject<T>(text));
  } catch {
    // What cannot be read can be replaced and deleted all the same.
    return { json: { unreadable: true } };
  }
}
