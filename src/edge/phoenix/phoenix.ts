/**
 * `/socket/websocket`: Phoenix Channels as the original served them, so that a front end written for it runs unchanged.
 *
 * A client joins `event_timeline:{message_id}` and is pushed `add_to_timeline` with `{event, time}`. The protocol is that
 * of `Phoenix.Socket` and its two serializers, https://hexdocs.pm/phoenix/writing_a_channels_client.html:
 *
 *     vsn 2.0.0   [join_ref, ref, topic, event, payload]
 *     vsn 1.0.0   {"topic":…,"event":…,"payload":…,"ref":…}; replies and pushes alike
 *
 * It has no seq and no resuming, as the original had none: a client sees what is published while it is joined.
 */
import { MarsError } from "../../core/error.ts";
import { parseTopic, type Topic, timelineTopicName } from "../../core/topic.ts";
import type { EdgeParts } from "../parts.ts";
import type { Connection, OpenSession, Session } from "../ws/connection.ts";
import { endsAll } from "../ws/connection.ts";
import { type PhoenixMessage, type Ref, type Serializer, serializerOf } from "./phoenix-serializer.ts";

/** Topics that one connection may have joined at one time. */
const topicsMax = 1000;

/** @returns 403 for an unknown `vsn`, as Phoenix does */
export function openPhoenix(
  parts: Pick<EdgeParts, "live" | "log" | "denials">,
  query: URLSearchParams,
): OpenSession | Response {
  const serializer = serializerOf(query.get("vsn") ?? "1.0.0");
  if (serializer === undefined) return new Response("unsupported vsn", { status: 403 });
  return (connection) => openSession(parts, connection, serializer);
}

interface Channel {
  readonly joinRef: Ref;
  leave(): void;
}

function openSession(
  parts: Pick<EdgeParts, "live" | "log" | "denials">,
  connection: Connection,
  serializer: Serializer,
): Session {
  const channels = new Map<string, Channel>();

  function reply(message: PhoenixMessage, status: "ok" | "error", response: object = {}): void {
    connection.send(serializer.encode({ ...message, event: "phx_reply", payload: { status, response } }));
  }

  function join(message: PhoenixMessage): void {
    const { topic: name } = message;
    // The client has lost track of a join: the new one replaces it.
    if (channels.has(name)) close(name, "phx_close");
    const topic = timelineTopic(name);
    if (topic === undefined) reply(message, "error", { reason: "unmatched topic" });
    else if (channels.size >= topicsMax) reply(message, "error", { reason: "too many topics" });
    else subscribe(topic, message);
  }

  function subscribe(topic: Topic, message: PhoenixMessage): void {
    const { topic: name } = message;
    // Added before the hub is called: it may call back before it returns.
    let leave: (() => void) | undefined;
    // Clients of vsn 1.0.0 send no join_ref; they know a join by the ref of its message.
    channels.set(name, { joinRef: message.joinRef ?? message.ref, leave: () => leave?.() });
    try {
      leave = parts.live.subscribe(topic, undefined, {
        caller: connection.caller,
        subscribed: () => reply(message, "ok"),
        events: (events) => connection.offer(() => serializer.frames(name, events)),
        failed: (error) => {
          if (endsAll(error)) connection.fail(error);
          else close(name, "phx_error");
        },
      });
    } catch (thrown) {
      channels.delete(name);
      parts.denials.note(thrown, () => ({ ...connection.caller, action: "subscribe" }));
      reply(message, "error", { reason: MarsError.from(thrown).message });
      return;
    }
    // The first answer may have found the connection closed.
    if (!channels.has(name)) leave();
  }

  function close(name: string, event: "phx_close" | "phx_error"): void {
    const channel = channels.get(name);
    if (channel === undefined) return;
    channels.delete(name);
    channel.leave();
    const { joinRef } = channel;
    connection.send(serializer.encode({ joinRef, ref: joinRef, topic: name, event, payload: {} }));
  }

  function answer(message: PhoenixMessage): void {
    const { topic, event } = message;
    const channel = channels.get(topic);
    if (topic === "phoenix") reply(message, event === "heartbeat" ? "ok" : "error");
    else if (event === "phx_join") join(message);
    else if (event === "phx_leave") leave(message, channel);
    else reply(message, "error", { reason: channel === undefined ? "unmatched topic" : "unmatched event" });
  }

  function leave(message: PhoenixMessage, channel: Channel | undefined): void {
    const { joinRef } = message;
    // A leave that a new join of the same topic has overtaken is not meant for the new channel.
    if (channel !== undefined && joinRef !== null && joinRef !== channel.joinRef) return;
    reply(message, "ok");
    close(message.topic, "phx_close");
  }

  return {
    message(text) {
      const message = serializer.decode(text);
      // Phoenix's socket process crashes on these; its client connects again either way.
      if (message === undefined) connection.fail(new MarsError("malformed", "not a frame of this vsn"));
      else answer(message);
    },
    closed() {
      for (const channel of channels.values()) channel.leave();
      channels.clear();
    },
  };
}

function timelineTopic(name: string): Topic | undefined {
  try {
    const topic = parseTopic(name);
    return topic.name === timelineTopicName(topic.messageId ?? "") ? topic : undefined;
  } catch {
    return undefined;
  }
}
