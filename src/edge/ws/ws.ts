/**
 * `/ws`: topics as JSON frames.
 *
 *     client                                      server
 *     {"type":"subscribe","topic":t,"after":n?}   {"type":"subscribed","topic":t,"seq":n,"recovered":b}
 *                                                 {"type":"event","topic":t,"seq":n,"event":{…}} …
 *                                                 {"type":"finding","topic":t,"seq":n,"finding":{…}} …
 *                                                 {"type":"alert","topic":t,"seq":n,"alert":{…}} …
 *                                                 {"type":"incident","topic":t,"seq":n,"incident":{…}} …
 *     {"type":"unsubscribe","topic":t}            {"type":"unsubscribed","topic":t}
 *     {"type":"ping"}                             {"type":"pong"}
 *     anything else                               {"type":"error","code":c,"message":m,"topic":t?}
 *
 * Topics come back in the client's own spelling. A second subscription to a topic is an error, and the first stays; to end
 * an unknown one is no error. With `"batch":true` in a `subscribe` the items of its topic come as arrays of such frames. An event that is only announced (`GET /api/test_socket`) has seq 0: it is not in
 * the sequence, and no subscription resumes after it.
 */
import type { AlertItem } from "../../core/alert-item.ts";
import { MarsError } from "../../core/error.ts";
import type { SequencedEvent } from "../../core/event.ts";
import type { IncidentItem } from "../../core/incident-item.ts";
import { eventJson } from "../../core/json.ts";
import { nestsTooDeep, tooDeep } from "../../core/json-depth.ts";
import type { Live, TopicItem } from "../../core/ports.ts";
import { parseTopic, type Topic, topicKind } from "../../core/topic.ts";
import type { Finding } from "../../lifecycle/finding.ts";
import { findingToJson } from "../../lifecycle/json.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdFrom } from "../request-id.ts";
import { type Connection, endsAll, type Session } from "./connection.ts";
import { inBatches } from "./frame-batches.ts";
import { createFrameCache, type Frames } from "./frame-cache.ts";

/** Subscriptions of one connection. */
const topicsMax = 1000;
/** Errors within one minute after which a connection is closed: its client does not react to them. */
const errorsPerMinuteMax = 100;

const eventFrames = createFrameCache(
  (topic, event: SequencedEvent) =>
    `{"type":"event","topic":${topic},"seq":${event.seq},"event":${eventJson(event)}}`,
);

const findingFrames = createFrameCache(
  (topic, finding: Finding) =>
    `{"type":"finding","topic":${topic},"seq":${finding.seq},"finding":${JSON.stringify(findingToJson(finding))}}`,
);

const alertFrames = createFrameCache(
  (topic, { seq, json }: AlertItem) => `{"type":"alert","topic":${topic},"seq":${seq},"alert":${json}}`,
);

const incidentFrames = createFrameCache(
  (topic, { seq, json }: IncidentItem) =>
    `{"type":"incident","topic":${topic},"seq":${seq},"incident":${json}}`,
);

export function openWs(
  parts: Pick<EdgeParts, "live" | "findings" | "alertTopics" | "incidents" | "log" | "denials">,
  connection: Connection,
): Session {
  /** By canonical name; the value ends the subscription. */
  const topics = new Map<string, () => void>();
  let minute = 0;
  let errors = 0;

  function subscribe(topic: Topic, spelling: string, after: number | undefined, batch: boolean): void {
    if (topics.has(topic.name))
      throw new MarsError("invalid_argument", "there is a subscription to this topic already");
    if (topics.size >= topicsMax) {
      throw new MarsError("overloaded", `at most ${topicsMax} topics on one connection`);
    }
    const quoted = JSON.stringify(spelling);
    const offer = (frames: () => readonly string[]) =>
      connection.offer(batch ? () => inBatches(frames()) : frames);
    // Added before the hub is called: it may call back before it returns.
    let unsubscribe: (() => void) | undefined;
    topics.set(topic.name, () => unsubscribe?.());
    try {
      const subscriber = {
        caller: connection.caller,
        subscribed: (seq: number, recovered: boolean) =>
          connection.send(`{"type":"subscribed","topic":${quoted},"seq":${seq},"recovered":${recovered}}`),
        failed: (error: MarsError) => {
          topics.delete(topic.name);
          if (endsAll(error)) connection.fail(error);
          else answerError(error, spelling);
        },
      };
      const follow = <Item extends TopicItem>(hub: Live<Item>, frames: Frames<Item>) =>
        hub.subscribe(topic, after, {
          ...subscriber,
          events: (items) => offer(() => frames(quoted, items)),
        });
      const follows = {
        events: () => follow(parts.live, eventFrames),
        findings: () => follow(parts.findings, findingFrames),
        alerts: () => follow(parts.alertTopics, alertFrames),
        incidents: () => follow(parts.incidents, incidentFrames),
      };
      unsubscribe = follows[topicKind(topic)]();
    } catch (thrown) {
      topics.delete(topic.name);
      throw thrown;
    }
    // The first answer may have found the connection closed.
    if (!topics.has(topic.name)) unsubscribe();
  }

  function answer(frame: Readonly<Record<string, unknown>>): void {
    const { type, topic: spelling } = frame;
    if (type === "ping") {
      connection.send('{"type":"pong"}');
      return;
    }
    if (type !== "subscribe" && type !== "unsubscribe") {
      throw new MarsError("invalid_argument", "type must be subscribe, unsubscribe or ping");
    }
    if (typeof spelling !== "string") throw new MarsError("invalid_argument", "topic must be a string");
    const topic = parseTopic(spelling);
    if (type === "subscribe") {
      subscribe(topic, spelling, afterOf(frame), batchOf(frame));
    } else {
      topics.get(topic.name)?.();
      topics.delete(topic.name);
      connection.send(`{"type":"unsubscribed","topic":${JSON.stringify(spelling)}}`);
    }
  }

  function answerError(error: MarsError, topic: string | undefined): void {
    parts.denials.note(error, () => ({ ...connection.caller, action: "subscribe" }));
    // A frame has no id of its own: one is made where a line of the log is to be found by it.
    const request_id = error.ours ? requestIdFrom(undefined) : undefined;
    if (error.ours) parts.log.error("socket request failed", { event: "request_failed", request_id, error });
    const { code, message } = error;
    connection.send(JSON.stringify({ type: "error", code, message, topic, request_id }));
  }

  return {
    message(text) {
      let frame: Readonly<Record<string, unknown>> | undefined;
      try {
        frame = parseFrame(text);
        answer(frame);
      } catch (thrown) {
        answerError(MarsError.from(thrown), typeof frame?.topic === "string" ? frame.topic : undefined);
        const now = Math.floor(Date.now() / 60_000);
        errors = now === minute ? errors + 1 : 1;
        minute = now;
        if (errors >= errorsPerMinuteMax) {
          connection.fail(new MarsError("invalid_argument", "too many bad frames within a minute"));
        }
      }
    },
    closed() {
      for (const unsubscribe of topics.values()) unsubscribe();
      topics.clear();
    },
  };
}

function parseFrame(text: string): Readonly<Record<string, unknown>> {
  if (nestsTooDeep(text)) throw new MarsError("invalid_argument", `a frame ${tooDeep}`);
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new MarsError("malformed", "not JSON");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
    throw new MarsError("malformed", "a frame must be a JSON object");
  }
  return frame as Readonly<Record<string, unknown>>;
}

function afterOf(frame: Readonly<Record<string, unknown>>): number | undefined {
  const { after } = frame;
  if (after === undefined || after === null) return undefined;
  if (typeof after === "number" && Number.isSafeInteger(after) && after >= 0) return after;
  throw new MarsError("invalid_argument", "after must be a seq: a whole number from 0 on");
}

function batchOf({ batch }: Readonly<Record<string, unknown>>): boolean {
  if (batch === undefined || batch === null) return false;
  if (typeof batch === "boolean") return batch;
  throw new MarsError("invalid_argument", "batch must be true or false");
}
