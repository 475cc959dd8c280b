/**
 * One socket for all that the page watches. After a lost connection each topic resumes after its last seq, so nothing is missed and
 * nothing comes twice.
 */

import { effect, signal } from "@preact/signals";
import { parseForAnswer } from "../../core/exact-json.ts";
import { sessionOver } from "./call.ts";

export type LiveState = "off" | "connecting" | "live" | "waiting";

export interface Frame {
  readonly seq: number;
  /** An event, a finding or an incident: which of them the topic says. */
  readonly event?: unknown;
  readonly finding?: unknown;
  readonly incident?: unknown;
}

export interface Watcher {
  frame(frame: Frame): void;
  /** What came since the last frame can no longer be sent: read again. */
  lost?(): void;
  refused?(message: string): void;
}

/** How the socket is: `off` while nothing is watched. */
export const liveState = signal<LiveState>("off");

const signedOutCode = 4401;
const retryFirstMs = 500;
const retryLastMs = 15_000;
/** A connection may fail without a close; one that leaves a ping unanswered is closed. */
const pingEveryMs = 20_000;
const pongWithinMs = 10_000;

interface Watching {
  readonly watcher: Watcher;
  /** The seq that it is up to date with; absent until Mars has said where the topic begins. */
  after: number | undefined;
}

interface Topic {
  readonly watching: Set<Watching>;
  /** What comes next is behind this seq; absent as above. */
  position: number | undefined;
}

const topics = new Map<string, Topic>();
/** Unsubscribes of the socket that are unanswered, by topic: a frame before the answer is of the subscription that ends. */
const leaving = new Map<string, number>();
let socket: WebSocket | undefined;
let retryMs = retryFirstMs;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
/** When the last frame came. */
let answeredAt = 0;
let pingTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * Watchers of one topic share a subscription. One that is up to date with less than the others starts it again from there, and each
 * gets what is behind its own seq.
 *
 * @param after the seq that the watcher is up to date with; absent: from now on, or from where the topic is
 * @returns ends it
 */
export function watch(topic: string, after: number | undefined, watcher: Watcher): () => void {
  const known = topics.get(topic) ?? { watching: new Set(), position: undefined };
  const first = known.watching.size === 0;
  const watching: Watching = { watcher, after: after ?? known.position };
  known.watching.add(watching);
  if (first) topics.set(topic, known);
  if (socket?.readyState === WebSocket.OPEN) {
    const behind = after !== undefined && (known.position === undefined || after < known.position);
    if (!first && behind) unsubscribe(socket, topic);
    if (first || behind) subscribe(socket, topic, known);
  } else if (first) connect();
  return () => {
    known.watching.delete(watching);
    if (known.watching.size > 0 || topics.get(topic) !== known) return;
    topics.delete(topic);
    if (socket?.readyState === WebSocket.OPEN) unsubscribe(socket, topic);
    if (topics.size === 0) hangUp();
  };
}

function connect(): void {
  clearTimeout(retryTimer);
  if (socket !== undefined || topics.size === 0 || sessionOver.peek()) return;
  if (liveState.value === "off") liveState.value = "connecting";
  const opened = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  socket = opened;
  opened.onopen = () => {
    liveState.value = "live";
    for (const [name, topic] of topics) subscribe(opened, name, topic);
    answeredAt = performance.now();
    ping(opened, pingEveryMs);
  };
  opened.onmessage = ({ data }) => {
    answeredAt = performance.now();
    const received = parseForAnswer(String(data)) as ServerFrame | ServerFrame[];
    if (Array.isArray(received)) received.forEach(receive);
    else receive(received);
  };
  opened.onclose = ({ code }) => {
    if (code !== signedOutCode) return lose(opened);
    hangUp();
    liveState.value = "waiting";
    sessionOver.value = true;
  };
  // A connection that neither opens nor fails is closed like one that falls silent.
  pingTimer = setTimeout(() => lose(opened), pongWithinMs);
}

/** From where the watcher is that is up to date with least. */
function subscribe(opened: WebSocket, name: string, topic: Topic): void {
  const known = [...topic.watching].flatMap(({ after }) => after ?? []);
  topic.position = known.length > 0 ? Math.min(...known) : undefined;
  const after = topic.position;
  sendJson(opened, { type: "subscribe", topic: name, batch: true, ...(after !== undefined && { after }) });
}

function unsubscribe(opened: WebSocket, name: string): void {
  leaving.set(name, (leaving.get(name) ?? 0) + 1);
  sendJson(opened, { type: "unsubscribe", topic: name });
}

function sendJson(opened: WebSocket, message: object): void {
  opened.send(JSON.stringify(message));
}

/** Asks a socket that has been silent for so long. A timer for each frame would cost more than the frame. */
function ping(opened: WebSocket, waitMs: number): void {
  clearTimeout(pingTimer);
  pingTimer = setTimeout(() => {
    const leftMs = answeredAt + pingEveryMs - performance.now();
    if (leftMs > 0) return ping(opened, leftMs);
    const askedAt = performance.now();
    if (opened.readyState === WebSocket.OPEN) sendJson(opened, { type: "ping" });
    pingTimer = setTimeout(() => {
      if (answeredAt < askedAt) lose(opened);
      else ping(opened, pingEveryMs);
    }, pongWithinMs);
  }, waitMs);
}

function lose(lost: WebSocket): void {
  if (socket !== lost) return;
  hangUp();
  if (topics.size === 0) return;
  liveState.value = "waiting";
  retryTimer = setTimeout(connect, retryMs * (0.5 + Math.random() / 2));
  retryMs = Math.min(retryMs * 2, retryLastMs);
}

function hangUp(): void {
  const opened = socket;
  socket = undefined;
  leaving.clear();
  clearTimeout(pingTimer);
  clearTimeout(retryTimer);
  if (opened !== undefined) {
    opened.onclose = null;
    opened.onmessage = null;
    // Closed while it connects, a browser complains; nobody waits for it, so it may connect first.
    const connects = opened.readyState === WebSocket.CONNECTING && topics.size === 0;
    if (connects) opened.onopen = () => opened.close();
    else opened.close();
  }
  if (topics.size === 0) liveState.value = "off";
}

interface ServerFrame extends Partial<Frame> {
  readonly type: string;
  readonly topic?: string;
  readonly recovered?: boolean;
  readonly code?: string;
  readonly message?: string;
}

function receive(frame: ServerFrame): void {
  const { type, topic: name = "", seq = 0 } = frame;
  if (type === "unsubscribed") {
    const left = (leaving.get(name) ?? 1) - 1;
    if (left > 0) leaving.set(name, left);
    else leaving.delete(name);
    return;
  }
  const topic = topics.get(name);
  if (topic === undefined || leaving.has(name)) return;
  if (type === "subscribed") {
    retryMs = retryFirstMs;
    topic.position = seq;
    const whole = frame.recovered !== false;
    for (const one of [...topic.watching]) {
      if (whole) one.after ??= seq;
      else one.after = seq;
      if (!whole) one.watcher.lost?.();
    }
  } else if (type === "event" || type === "finding" || type === "incident") {
    topic.position = Math.max(topic.position ?? 0, seq);
    for (const one of [...topic.watching]) {
      // One without a place in the sequence is only announced.
      if (seq > 0 && seq <= (one.after ?? 0)) continue;
      one.after = Math.max(one.after ?? 0, seq);
      one.watcher.frame({ ...frame, seq });
    }
  } else if (type === "error") {
    topics.delete(name);
    for (const { watcher } of [...topic.watching])
      watcher.refused?.(frame.message ?? frame.code ?? "refused");
  }
}

addEventListener("online", connect);
effect(() => {
  if (!sessionOver.value) connect();
});
