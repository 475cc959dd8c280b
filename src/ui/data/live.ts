/**
 * One socket for all that the page watches. After a lost connection each topic resumes after its last seq, so nothing is missed and
 * nothing comes twice.
 */
import { effect, signal } from "@preact/signals";
import { sessionOver } from "./call.ts";

export type LiveState = "off" | "connecting" | "live" | "waiting";

export interface Frame {
  readonly seq: number;
  /** An event, or a finding: which of them the topic says. */
  readonly event?: unknown;
  readonly finding?: unknown;
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

interface Topic {
  readonly watchers: Set<Watcher>;
  after: number | undefined;
}

const topics = new Map<string, Topic>();
let socket: WebSocket | undefined;
let retryMs = retryFirstMs;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
/** When the last frame came. */
let answeredAt = 0;
let pingTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * @param after the seq that the page is up to date with; absent: from now on
 * @returns ends it
 */
export function watch(topic: string, after: number | undefined, watcher: Watcher): () => void {
  let known = topics.get(topic);
  if (known === undefined) {
    known = { watchers: new Set(), after };
    topics.set(topic, known);
    if (socket?.readyState === WebSocket.OPEN) subscribe(socket, topic, known);
    else connect();
  }
  known.watchers.add(watcher);
  return () => {
    known.watchers.delete(watcher);
    if (known.watchers.size > 0 || topics.get(topic) !== known) return;
    topics.delete(topic);
    if (socket?.readyState === WebSocket.OPEN) sendJson(socket, { type: "unsubscribe", topic });
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
    receive(JSON.parse(String(data)));
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

function subscribe(opened: WebSocket, name: string, { after }: Topic): void {
  sendJson(opened, { type: "subscribe", topic: name, ...(after !== undefined && { after }) });
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

interface ServerFrame {
  readonly type: string;
  readonly topic?: string;
  readonly seq?: number;
  readonly recovered?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly event?: unknown;
  readonly finding?: unknown;
}

function receive(frame: ServerFrame): void {
  const topic = topics.get(frame.topic ?? "");
  if (topic === undefined) return;
  if (frame.type === "subscribed") {
    retryMs = retryFirstMs;
    topic.after ??= frame.seq;
    if (frame.recovered === false) {
      topic.after = frame.seq;
      for (const one of [...topic.watchers]) one.lost?.();
    }
  } else if (frame.type === "event" || frame.type === "finding") {
    topic.after = Math.max(topic.after ?? 0, frame.seq ?? 0);
    for (const one of [...topic.watchers]) one.frame({ ...frame, seq: frame.seq ?? 0 });
  } else if (frame.type === "error") {
    topics.delete(frame.topic ?? "");
    for (const one of [...topic.watchers]) one.refused?.(frame.message ?? frame.code ?? "refused");
  }
}

addEventListener("online", connect);
effect(() => {
  if (!sessionOver.value) connect();
});
