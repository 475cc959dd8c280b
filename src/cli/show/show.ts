/** `mars show`: one message against what should have happened, for people; for pipes the answer of its operation. */
import type { MessageJson } from "../../api/message-answers.ts";
import { getMessage, listMessages } from "../../api/messages.ts";
import { type Latency, normalTimes, stageViews } from "../../api/stage-views.ts";
import { getLatency } from "../../api/statistics.ts";
import { normalDays } from "../../core/normal.ts";
import type { Arguments } from "../arguments.ts";
import { ask } from "../ask.ts";
import { call } from "../call.ts";
import { harmless, wrapped } from "../cell.ts";
import { coloured, paint } from "../colour.ts";
import { exitCode } from "../exit-code.ts";
import { flagsOf } from "../flag.ts";
import { frontFlags } from "../front-flags.ts";
import { dayText } from "../moment.ts";
import { tableOutput } from "../output.ts";
import type { OwnCommand } from "../own-command.ts";
import { requestOf } from "../request.ts";
import type { Session } from "../session.ts";
import { findMessages } from "./find.ts";
import { stageRows } from "./stage-rows.ts";
import { timelineOf } from "./timeline.ts";
import { verdictOf } from "./verdict.ts";

/** Events that are shown unless asked otherwise, the last ones. */
const eventsMax = 200;
/** Of a page of events, rather than a view of the message. */
const paging = ["order", "cursor"];

export const show: OwnCommand = {
  command: "show",
  usage: "[<app-id>] <message-id>",
  summary:
    "Shows one message: its stages with their times to scale, what is missing and what is due, and its events. Without an app all apps are searched, also for messages that are known by this id.",
  grammar: {
    // By their places the last one is the message, so that the app may be left out.
    flags: flagsOf(getMessage).map((flag) => ({ ...flag, place: "query", required: false })),
    general: frontFlags,
    othersMax: 2,
  },
  details: `Times are in the zone of this machine (TZ). What is normal is how long the stage took in messages of the last ${normalDays} days. Where several messages have the id they are
listed, with exit code 1. In a pipe, and with --json: the answer of GET /api/apps/{app_id}/messages/{message_id}.
`,
  problems: (given) => {
    const { appId, messageId, spare } = meant(given);
    if (spare.length > 0) return spare.map((other) => `unexpected argument ${other}`);
    if (messageId === undefined) return ["<message-id> is missing"];
    const lost = [appId, messageId].filter((id) => id !== undefined && /^\.{0,2}$/.test(id));
    return lost.map((id) => `an id cannot be ${id === "" ? "empty" : `${id}, which paths of URLs lose`}`);
  },
  async run(given, session) {
    const { appId, messageId = "" } = meant(given);
    const values = { ...given.values, message_id: messageId };
    if (appId !== undefined) return showOne({ ...values, app_id: appId }, session);
    const found = await findMessages(messageId, given.values.min_seq, session);
    if (!found.ok) return complain(found.sentences, session);
    const [first, ...others] = found.messages;
    if (first === undefined)
      return complain([`no message has the id ${messageId}, or is known by it`], session);
    if (others.length === 0) {
      return showOne({ ...values, app_id: first.app_id, message_id: first.message_id }, session);
    }
    const list = { messages: found.messages, next_cursor: null };
    const text = JSON.stringify(list);
    const { host, json, style } = session;
    host.print(
      json ? `${text}\n` : tableOutput(listMessages, { all: true, style })({ ok: true, text, value: list }),
    );
    return complain([`${found.messages.length} messages have this id: give the app too`], session);
  },
};

interface Meant {
  readonly appId?: string;
  readonly messageId?: string;
  readonly spare: readonly string[];
}

/** The ids by their flags, else by their places. */
function meant({ values, others }: Arguments): Meant {
  const rest = [...others];
  const take = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });
  const messageId = (values.message_id as string | undefined) ?? rest.pop();
  const appId = (values.app_id as string | undefined) ?? rest.pop();
  return { ...take("messageId", messageId), ...take("appId", appId), spare: rest };
}

function showOne(values: Arguments["values"], session: Session): Promise<number> {
  const plain = session.json || paging.some((name) => values[name] !== undefined);
  return plain ? ask(getMessage, values, { all: false, fail: false }, session) : view(values, session);
}

async function view(values: Arguments["values"], session: Session): Promise<number> {
  const { client, agent, host } = session;
  const given = { limit: eventsMax, ...values, order: "newest" };
  const answer = await call(client, requestOf(getMessage, given, undefined), agent);
  if (!answer.ok) return complain(answer.sentences, session);
  const message = answer.value as MessageJson;
  let latency: Latency | undefined;
  if (message.lifecycle !== null) {
    const { app_id } = message;
    const read = await call(
      client,
      requestOf(getLatency, { app_id, ...normalTimes(Date.now()) }, undefined),
      agent,
    );
    // Without it only the normal times are left out.
    if (read.ok) latency = read.value as Latency;
  }
  host.print(textOf(message, latency, session));
  return exitCode.done;
}

function textOf(message: MessageJson, latency: Latency | undefined, { style }: Session): string {
  const { lifecycle, app_id, message_id, state, parent_id, external_ids, event_count } = message;
  const nowMs = Date.parse(lifecycle?.clock ?? message.updated_at);
  const stages = stageViews(lifecycle?.stages ?? [], latency, nowMs);
  const names = [
    ...(parent_id === null ? [] : [`part of ${harmless(parent_id)}`]),
    ...(external_ids.length === 0 ? [] : [`also known as ${external_ids.map(harmless).join(", ")}`]),
    ...(lifecycle !== null && lifecycle.run > 1 ? [`run ${lifecycle.run}`] : []),
  ];
  const head = `${paint(harmless(message_id), "bold", style.colour)}  ${harmless(app_id)}  ${style.colour ? coloured(state, state) : state}`;
  const events = message.events.toReversed();
  const earlier = event_count - events.length;
  return [
    `${head}\n`,
    ...names.map((name) => `${name}\n`),
    `${wrapped(verdictOf(message, stages, nowMs), style.columns)}\n`,
    stages.length === 0 ? "" : `\n${stageRows(stages, nowMs, dayText(message.created_at), style)}`,
    `\n${event_count} ${event_count === 1 ? "event" : "events"}${earlier > 0 ? `, the last ${events.length} (more: --limit)` : ""}\n`,
    timelineOf(events, style),
  ].join("");
}

function complain(sentences: readonly string[], { host }: Session): number {
  for (const sentence of sentences) host.complain(harmless(sentence));
  return exitCode.failed;
}
