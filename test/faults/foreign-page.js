/**
 * Runs in a browser, on a page of another origin: `tryAll(url of Mars)` tries by every means of a page to use a Mars, and resolves to
 * what came of each: `refused`, `open`, `loaded` or an HTTP status.
 */
globalThis.tryAll = async (mars) => {
  const event = '{"app_id":"pages","message_id":"m","event":"e"}';
  const json = { "content-type": "application/json" };
  const ask = (path, init) =>
    fetch(mars + path, init).then(
      ({ status }) => String(status),
      () => "refused",
    );
  const embed = (tag, path) =>
    new Promise((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => resolve("loaded");
      element.onerror = () => resolve("refused");
      element.src = mars + path;
      document.body.append(element);
    });
  const open = (source) =>
    new Promise((resolve) => {
      source.onopen = () => resolve("open");
      source.onerror = () => resolve("refused");
    }).finally(() => source.close());
  const frame = document.createElement("iframe");
  frame.src = mars;
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const blind = { method: "POST", mode: "no-cors" };
  return {
    "read by fetch": await ask("/api/messages"),
    "read without CORS": await ask("/api/messages", { mode: "no-cors" }),
    "read by RPC": await ask("/mars.v1.MessageService/ListMessages", {
      method: "POST",
      headers: json,
      body: "{}",
    }),
    "an event": await ask("/api/event", { method: "POST", headers: json, body: event }),
    "an event as text": await ask("/api/event", { ...blind, body: event }),
    "an event without a type": await ask("/api/event", { ...blind, body: new Blob([event]) }),
    "an event as a form": await ask("/api/event", { ...blind, body: new URLSearchParams({ event }) }),
    "a deletion": await ask("/api/alerts/silences/1", { method: "DELETE" }),
    "a picture": await embed("img", "/ui/icon.svg"),
    "a picture that makes an event": await embed("img", "/api/create_event"),
    "a script": await embed("script", "/api/messages"),
    "a WebSocket": await open(new WebSocket(`${mars.replace("http", "ws")}/ws`)),
    "an event stream": await open(new EventSource(`${mars}/api/stream?topic=all`)),
  };
};
