/** Everything that watches events live. */
import { Socket } from "phoenix";
import { check, within } from "./check.ts";

export interface Watcher {
  readonly name: string;
  /** Resolves when every message has been seen. */
  readonly seen: Promise<void>;
}

/** Resolves once the subscription stands. */
export function watchWebSocket(url: string, subscribe: string, names: readonly string[]): Promise<Watcher> {
  const missing = new Set(names);
  const seen = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<Watcher>();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  socket.onopen = () => socket.send(subscribe);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "subscribed") ready.resolve({ name: "websocket", seen: seen.promise });
    if (frame.type === "error") seen.reject(new Error(String(data)));
    if (frame.type === "event") missing.delete(frame.event.message_id);
    if (missing.size === 0) {
      seen.resolve();
      socket.close();
    }
  };
  socket.onerror = () => ready.reject(new Error("the WebSocket failed"));
  return within(ready.promise, "a WebSocket subscription");
}

export async function watchEventSource(
  url: string,
  topic: string,
  names: readonly string[],
): Promise<Watcher> {
  const response = await fetch(`${url}/api/stream?topic=${topic}`);
  check("GET /api/stream", response.status === 200 && response.body !== null);
  const read = async () => {
    const missing = new Set(names);
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });
      for (const name of missing) if (text.includes(`"message_id":"${name}"`)) missing.delete(name);
      if (missing.size === 0) return;
    }
    throw new Error("the event stream ended");
  };
  return { name: "server-sent events", seen: read() };
}

/** The original's front end: the npm package `phoenix`, as it is. */
export function watchPhoenix(url: string, messageId: string): Promise<Watcher> {
  const seen = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<Watcher>();
  const socket = new Socket(`${url.replace("http", "ws")}/socket`, { transport: WebSocket });
  socket.connect();
  const channel = socket.channel(`event_timeline:${messageId}`);
  channel.on("add_to_timeline", ({ event }: { event: string }) => {
    if (event === "SENT") seen.resolve();
    else seen.reject(new Error(`phoenix got ${event}`));
    socket.disconnect();
  });
  channel
    .join()
    .receive("ok", () => ready.resolve({ name: "phoenix", seen: seen.promise }))
    .receive("error", (reason) => ready.reject(new Error(`phoenix may not join: ${JSON.stringify(reason)}`)));
  return within(ready.promise, "a Phoenix channel");
}
