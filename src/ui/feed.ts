/**
 * A subscription to one topic over `/ws`, for as long as the page is open. After a lost connection it resumes after the
 * last event, so no event is missed and none comes twice.
 */
import { signedOut, type TimelineEvent } from "./api.ts";

export type FeedState = "connecting" | "live" | "waiting";

export interface FeedHandlers {
  event(event: TimelineEvent & { readonly app_id: string; readonly message_id: string }): void;
  state(state: FeedState): void;
  /** The events since the last one can no longer be sent: the page must be read again. */
  lost(): void;
  /** The subscription was refused. */
  refused(message: string): void;
}

export interface Feed {
  close(): void;
}

/** With this code Mars closes the sockets of who is not signed in, or no longer. */
const signedOutCode = 4401;
const retryFirstMs = 500;
const retryLastMs = 15_000;
/** A connection may fail without a close; one that leaves a ping unanswered is closed. */
const pingEveryMs = 20_000;
const pongWithinMs = 10_000;

/** @param after the seq that the page is up to date with */
export function openFeed(topic: string, after: number, handlers: FeedHandlers): Feed {
  let cursor = after;
  let retryMs = retryFirstMs;
  let closed = false;
  let socket: WebSocket | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let pingTimer: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(retryTimer);
    if (closed || socket !== undefined) return;
    handlers.state("connecting");
    const opened = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
    socket = opened;
    opened.onopen = () => opened.send(JSON.stringify({ type: "subscribe", topic, after: cursor }));
    opened.onmessage = (message) => {
      ping(opened);
      receive(JSON.parse(String(message.data)));
    };
    opened.onclose = ({ code }) => {
      if (code === signedOutCode) endSession();
      else lose(opened);
    };
    // A connection that neither opens nor fails is closed like one that falls silent.
    pingTimer = setTimeout(() => lose(opened), pongWithinMs);
  }

  function ping(opened: WebSocket): void {
    clearTimeout(pingTimer);
    pingTimer = setTimeout(() => {
      opened.send('{"type":"ping"}');
      pingTimer = setTimeout(() => lose(opened), pongWithinMs);
    }, pingEveryMs);
  }

  /** Not tried again: it would be refused, until the user signs in. */
  function endSession(): void {
    socket = undefined;
    clearTimeout(pingTimer);
    close();
    signedOut.dispatchEvent(new Event("end"));
  }

  function lose(lost: WebSocket): void {
    if (socket !== lost) return;
    socket = undefined;
    clearTimeout(pingTimer);
    lost.onclose = null;
    lost.close();
    if (closed) return;
    handlers.state("waiting");
    retryTimer = setTimeout(connect, retryMs * (0.5 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, retryLastMs);
  }

  function receive(frame: {
    readonly type: string;
    readonly recovered?: boolean;
    readonly seq?: number;
    readonly event?: Parameters<FeedHandlers["event"]>[0];
    readonly code?: string;
    readonly message?: string;
  }): void {
    if (frame.type === "subscribed") {
      retryMs = retryFirstMs;
      handlers.state("live");
      if (frame.recovered === false) handlers.lost();
    } else if (frame.type === "event" && frame.event !== undefined) {
      cursor = Math.max(cursor, frame.seq ?? 0);
      handlers.event(frame.event);
    } else if (frame.type === "error" && frame.code === "invalid_argument") {
      close();
      handlers.refused(frame.message ?? "");
    } else if (frame.type === "error" && socket !== undefined) {
      lose(socket);
    }
  }

  function close(): void {
    closed = true;
    clearTimeout(retryTimer);
    removeEventListener("online", connect);
    socket?.close();
  }

  addEventListener("online", connect);
  connect();
  return { close };
}
