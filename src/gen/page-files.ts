/** Written by npm run generate from src/ui/. Edit those. */

export const pageFiles: Readonly<Record<string, string>> = {
  "account.js": `import { ApiError, call } from "./api.js";
import { byId, element } from "./dom.js";
export function whoAmI() {
  return call("GET", "/api/session");
}
export function showAccount({ id, name, open_to_all }) {
  if (open_to_all)
    showWarning();
  if (!id.startsWith("session:"))
    return;
  const button = element("button", { type: "button", class: "quiet" }, "Sign out");
  button.onclick = async () => {
    button.disabled = true;
    try {
      await call("DELETE", "/api/sessions/current");
      location.reload();
    } catch (error) {
      button.disabled = false;
      button.textContent = error instanceof ApiError ? \`Not signed out: \${error.message}\` : String(error);
    }
  };
  byId("account").replaceChildren(element("span", { title: name }, name), button);
}
function showWarning() {
  const text = "Anyone who reaches this address can read and change everything.";
  byId("main").before(element("p", { class: "warning", role: "alert" }, text));
}
`,
  "api.js": `export class ApiError extends Error {
  status;
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
export function listMessages(query) {
  return get(\`/api/messages?\${new URLSearchParams(query)}\`);
}
export async function getMessage(appId, messageId, page = {}) {
  const query = new URLSearchParams({ order: "newest", limit: "1000", ...page });
  try {
    return await get(\`/api/apps/\${encodeURIComponent(appId)}/messages/\${encodeURIComponent(messageId)}?\${query}\`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404)
      return;
    throw error;
  }
}
async function get(path) {
  try {
    return await call("GET", path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401)
      signedOut.dispatchEvent(new Event("end"));
    throw error;
  }
}
export const signedOut = new EventTarget;
export async function call(method, path, sent) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...sent !== undefined && { "Content-Type": "application/json" }
      },
      ...sent !== undefined && { body: JSON.stringify(sent) },
      signal: AbortSignal.timeout(15000)
    });
  } catch {
    throw new ApiError(0, "Mars does not answer.");
  }
  const body = await response.json().catch(() => {
    return;
  });
  if (response.ok && body !== undefined)
    return body;
  const { detail } = body ?? {};
  throw new ApiError(response.status, typeof detail === "string" ? detail : \`Mars answered with status \${response.status}.\`);
}
`,
  "connection.js": `import { byId } from "./dom.js";
const words = {
  live: "Live",
  connecting: "Connecting",
  waiting: "Connection lost, trying again",
  off: ""
};
export function showConnection(state) {
  const place = byId("connection");
  if (place.dataset.state === state)
    return;
  place.dataset.state = state;
  place.textContent = words[state];
}
`,
  "dom.js": `export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null)
    throw new Error(\`the page has no #\${id}\`);
  return found;
}
export function mainElement() {
  return byId("main");
}
export function announce(text) {
  byId("announcer").textContent = text;
}
export function notice(title, ...lines) {
  const box = element("section", { class: "notice" }, element("h2", {}, title));
  for (const line of lines)
    box.append(element("p", {}, line));
  return box;
}
`,
  "feed.js": `import { signedOut } from "./api.js";
const signedOutCode = 4401;
const retryFirstMs = 500;
const retryLastMs = 15000;
const pingEveryMs = 20000;
const pongWithinMs = 1e4;
export function openFeed(topic, after, handlers) {
  let cursor = after;
  let retryMs = retryFirstMs;
  let closed = false;
  let socket;
  let retryTimer;
  let pingTimer;
  function connect() {
    clearTimeout(retryTimer);
    if (closed || socket !== undefined)
      return;
    handlers.state("connecting");
    const opened = new WebSocket(\`\${location.origin.replace("http", "ws")}/ws\`);
    socket = opened;
    opened.onopen = () => opened.send(JSON.stringify({ type: "subscribe", topic, after: cursor }));
    opened.onmessage = (message) => {
      ping(opened);
      receive(JSON.parse(String(message.data)));
    };
    opened.onclose = ({ code }) => {
      if (code === signedOutCode)
        endSession();
      else
        lose(opened);
    };
    pingTimer = setTimeout(() => lose(opened), pongWithinMs);
  }
  function ping(opened) {
    clearTimeout(pingTimer);
    pingTimer = setTimeout(() => {
      opened.send('{"type":"ping"}');
      pingTimer = setTimeout(() => lose(opened), pongWithinMs);
    }, pingEveryMs);
  }
  function endSession() {
    socket = undefined;
    clearTimeout(pingTimer);
    close();
    signedOut.dispatchEvent(new Event("end"));
  }
  function lose(lost) {
    if (socket !== lost)
      return;
    socket = undefined;
    clearTimeout(pingTimer);
    lost.onclose = null;
    lost.close();
    if (closed)
      return;
    handlers.state("waiting");
    retryTimer = setTimeout(connect, retryMs * (0.5 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, retryLastMs);
  }
  function receive(frame) {
    if (frame.type === "subscribed") {
      retryMs = retryFirstMs;
      handlers.state("live");
      if (frame.recovered === false)
        handlers.lost();
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
  function close() {
    closed = true;
    clearTimeout(retryTimer);
    removeEventListener("online", connect);
    socket?.close();
  }
  addEventListener("online", connect);
  connect();
  return { close };
}
`,
  "home-view.js": `import { ApiError, listMessages } from "./api.js";
import { showConnection } from "./connection.js";
import { element, mainElement, notice } from "./dom.js";
import { messageTable } from "./message-list.js";
const refreshMs = 2000;
const shownMax = 25;
const example = \`curl localhost:4000/api/event -H 'Content-Type: application/json' \\\\
  -d '{"app_id":"shop","message_id":"order-1","event":"created"}'\`;
export function showHome() {
  const place = element("div");
  let shown = "";
  mainElement().replaceChildren(element("h1", {}, "Where is it now?"), element("p", { class: "lead" }, "Find a message by its id or an external id, and follow its events live."), element("h2", {}, "Latest messages"), place);
  document.querySelector("#query")?.focus();
  async function refresh() {
    if (!place.isConnected)
      return;
    if (document.visibilityState === "visible") {
      try {
        const { messages } = await listMessages({ order: "updated", limit: String(shownMax) });
        draw(messages);
        showConnection("live");
      } catch (error) {
        if (!place.isConnected)
          return;
        if (shown === "")
          place.replaceChildren(notice("The list cannot be read", reasonOf(error)));
        showConnection("waiting");
      }
    }
    setTimeout(refresh, refreshMs);
  }
  function draw(messages) {
    const now = \`\${JSON.stringify(messages)}\${Math.floor(Date.now() / 1e4)}\`;
    if (now === shown || place.contains(document.activeElement))
      return;
    shown = now;
    place.replaceChildren(messages.length === 0 ? emptyNotice() : messageTable(messages, "Latest messages"));
  }
  refresh();
}
function emptyNotice() {
  const code = element("pre", {}, example.replace("localhost:4000", location.host));
  const box = notice("No events yet", "Send one, and its message appears here:");
  box.append(code);
  return box;
}
function reasonOf(error) {
  return error instanceof ApiError ? error.message : String(error);
}
`,
  "icon.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <title>Mars</title>
  <circle cx="16" cy="16" r="14" fill="#c4532a" />
  <path d="M2.6 20.2C8 17.4 12 22.6 18.4 20.9c5-1.300 7.200-4.500 11.500-3.100A14 14 0 0 1 2.600 20.200z" fill="#8f3515" />
  <circle cx="20.500" cy="9.500" r="2.600" fill="#de7a4e" />
  <circle cx="10.500" cy="12.500" r="1.500" fill="#de7a4e" />
</svg>
`,
  "message-list.js": `import { element } from "./dom.js";
import { stateElement } from "./state.js";
import { agoElement } from "./time.js";
export function messageTable(messages, caption) {
  const now = Date.now();
  const head = element("tr", {}, ...["Message", "App", "State", "Last event", "Events", "Updated"].map(headCell));
  const rows = messages.map((message) => messageRow(message, now));
  return element("table", { class: "messages" }, element("caption", { class: "unseen" }, caption), element("thead", {}, head), element("tbody", {}, ...rows));
}
export function messageUrl(message) {
  const { app_id, message_id } = message;
  return \`/search/event?\${new URLSearchParams({ message_id, app_id })}\`;
}
function headCell(text) {
  return element("th", { scope: "col", "data-of": text }, text);
}
function messageRow(message, now) {
  const { app_id, message_id, external_ids, state, last_event, event_count, updated_at } = message;
  const link = element("a", { class: "id", href: messageUrl(message) }, message_id);
  const names = external_ids.length === 0 ? undefined : element("span", { class: "also" }, external_ids.join(", "));
  return element("tr", {}, element("td", { "data-of": "Message" }, link, names), element("td", { "data-of": "App" }, app_id), element("td", { "data-of": "State" }, stateElement(state)), element("td", { "data-of": "Last event" }, last_event), element("td", { "data-of": "Events" }, String(event_count)), element("td", { "data-of": "Updated" }, agoElement(updated_at, now)));
}
`,
  "message-view.js": `import { getMessage } from "./api.js";
import { showConnection } from "./connection.js";
import { announce, element, mainElement, notice } from "./dom.js";
import { openFeed } from "./feed.js";
import { owedTexts } from "./owed.js";
import { findingTexts, stateElement } from "./state.js";
import { betweenMs, durationText } from "./time.js";
import { Timeline } from "./timeline.js";
const refreshMs = 3000;
export function showMessage(message, soughtId, again) {
  const { app_id: appId, message_id: messageId } = message;
  document.title = \`\${messageId} · Mars\`;
  const timeline = new Timeline(message.events, message.event_count);
  const externalIds = new Set(message.external_ids);
  const facts = element("dl", { class: "facts" });
  let status = message;
  const showFacts = () => facts.replaceChildren(...factsOf(appId, externalIds, timeline, status));
  showFacts();
  mainElement().replaceChildren(element("p", { class: "kind" }, soughtId === messageId ? "Message" : \`Message with the external id \${soughtId}\`), element("h1", { class: "id" }, messageId), facts, element("h2", { class: "unseen" }, "Timeline"), earlierElement(message, timeline), timeline.element);
  const refresh = setInterval(async () => {
    if (status.lifecycle === null || !facts.isConnected)
      return clearInterval(refresh);
    const now = await getMessage(appId, messageId, { limit: "1" }).catch(() => {
      return;
    });
    if (now === undefined)
      return;
    status = now;
    showFacts();
  }, refreshMs);
  const topic = \`apps/\${encodeURIComponent(appId)}/messages/\${encodeURIComponent(messageId)}\`;
  const feed = openFeed(topic, message.as_of_seq, {
    event(event) {
      timeline.add(event);
      if (event.external_id !== null)
        externalIds.add(event.external_id);
      showFacts();
      announce(\`New event: \${event.event}\`);
    },
    state: showConnection,
    lost() {
      clearInterval(refresh);
      feed.close();
      again();
    },
    refused(reason) {
      showConnection("off");
      mainElement().append(notice("There are no live updates of this message", reason));
    }
  });
}
function earlierElement({ app_id, message_id, next_cursor }, timeline) {
  const button = element("button", { type: "button" }, "Show earlier events");
  let cursor = next_cursor;
  button.hidden = cursor === null;
  button.onclick = async () => {
    button.disabled = true;
    const page = await getMessage(app_id, message_id, { cursor: cursor ?? "" }).catch(() => {
      return;
    });
    button.disabled = false;
    if (page === undefined)
      return;
    timeline.addEarlier(page.events);
    cursor = page.next_cursor;
    button.hidden = cursor === null;
  };
  return button;
}
function factsOf(appId, externalIds, timeline, { state, lifecycle, created_at: firstAt }) {
  const stored = timeline.events.filter((event) => event.seq !== 0);
  const first = firstAt < (stored[0]?.created_at ?? firstAt) ? { created_at: firstAt } : stored[0];
  const last = stored[stored.length - 1];
  const facts = [
    fact("App", appId),
    fact("State", stateElement(state)),
    fact("Events", String(timeline.total))
  ];
  const findings = lifecycle === null ? [] : findingTexts(lifecycle, Date.now());
  if (findings.length > 0)
    facts.push(fact("Findings", findings.join("; ")));
  const owed = lifecycle === null ? [] : owedTexts(lifecycle);
  if (owed.length > 0)
    facts.push(fact("Acknowledgements", owed.join("; ")));
  if (last !== undefined && first !== undefined) {
    facts.push(fact("Last event", last.event));
    if (first !== last)
      facts.push(fact("From first to last", durationText(betweenMs(first.created_at, last.created_at))));
  }
  const names = [...externalIds].sort();
  if (names.length > 0)
    facts.push(fact(names.length === 1 ? "External id" : "External ids", names.join(", ")));
  return facts;
}
function fact(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
`,
  "owed.js": `export function owedTexts({ stages }) {
  return stages.flatMap(({ stage, owed }) => {
    if (owed === null)
      return [];
    const { expected, received, missing, extra, extra_count, late, late_count, partial } = owed;
    const parts = [
      \`\${stage} \${received} of \${expected}\${partial ? " at least" : ""}\`,
      listed("missing", missing, expected - received),
      listed("late", late, late_count),
      listed("not asked", extra, extra_count)
    ];
    return parts.filter((part) => part !== "").join(", ");
  });
}
const namesShown = 5;
function listed(what, names, count) {
  if (count === 0)
    return "";
  const some = names.slice(0, namesShown);
  if (some.length === 0)
    return \`\${count} \${what}\`;
  return \`\${what} \${some.join(", ")}\${count > some.length ? \` and \${count - some.length} more\` : ""}\`;
}
`,
  "page.css": `/* Shared by all views: colours, the header, boxes. */

:root {
  --paper: #fbfaf8;
  --raised: #ffffff;
  --ink: #1f1b18;
  --muted: #6b6259;
  --line: #e5dfd7;
  --accent: #b0431c;
  --accent-ink: #ffffff;
  --wash: #f6e9e1;
  --good: #2f7a4d;
  --warn: #a65a00;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, monospace;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}

@media (prefers-color-scheme: dark) {
  :root {
    --paper: #171412;
    --raised: #201c19;
    --ink: #eee8e1;
    --muted: #a69b90;
    --line: #38312b;
    --accent: #f08a5d;
    --accent-ink: #1d0f08;
    --wash: #33221a;
    --good: #6cc490;
    --warn: #e9a64f;
  }
}

*,
*::before,
*::after {
  box-sizing: border-box;
}

body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 1rem / 1.5 var(--sans);
}

h1,
h2,
h3,
p,
dl,
dd,
ol {
  margin: 0;
  padding: 0;
}

a {
  color: var(--accent);
  text-decoration-color: color-mix(in srgb, currentcolor 40%, transparent);
  text-decoration-thickness: 1px;
  text-underline-offset: 0.25em;
}

a:hover {
  text-decoration-color: currentcolor;
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}

.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.skip {
  position: absolute;
  top: -4rem;
  left: 1rem;
  padding: 0.5rem 1rem;
  background: var(--raised);
}

.skip:focus {
  top: 0.5rem;
  z-index: 1;
}

.id,
pre,
code {
  font-family: var(--mono);
  font-variant-ligatures: none;
}

/* The header */

header {
  display: grid;
  grid-template-columns: 1fr minmax(16rem, 34rem) 1fr;
  align-items: center;
  gap: 1rem 1.5rem;
  padding: 0.75rem 1.5rem;
  border-bottom: 1px solid var(--line);
  background: var(--raised);
}

/* A name needs more room than the state of the connection. */
header:has(#account:not(:empty)) {
  grid-template-columns: auto minmax(12rem, 34rem) auto;
  justify-content: space-between;
}

.brand {
  display: inline-flex;
  align-items: center;
  gap: 0.5rem;
  justify-self: start;
  color: var(--ink);
  font-size: 1.125rem;
  font-weight: 650;
  letter-spacing: -0.01em;
  text-decoration: none;
}

form {
  display: flex;
  gap: 0.5rem;
}

input {
  flex: 1;
  min-width: 0;
  padding: 0.45rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 0.4rem;
  background: var(--paper);
  color: inherit;
  font: 0.9375rem / 1.5 var(--mono);
}

input::placeholder {
  color: var(--muted);
  font-family: var(--sans);
  opacity: 1;
}

button {
  padding: 0.45rem 1rem;
  border: 0;
  border-radius: 0.4rem;
  background: var(--accent);
  color: var(--accent-ink);
  font: 600 0.9375rem / 1.5 var(--sans);
  cursor: pointer;
}

button:hover {
  filter: brightness(1.08);
}

.status {
  display: flex;
  align-items: center;
  justify-content: end;
  gap: 1rem;
  min-width: 0;
  color: var(--muted);
  font-size: 0.875rem;
}

#connection {
  flex: none;
}

#account {
  display: flex;
  align-items: center;
  gap: 0.5rem;
  min-width: 0;
}

#account:empty {
  display: none;
}

#account span {
  overflow: hidden;
  max-width: 14rem;
  text-overflow: ellipsis;
  white-space: nowrap;
}

button.quiet {
  padding: 0.25rem 0.6rem;
  border: 1px solid var(--line);
  background: none;
  color: var(--accent);
  font-size: 0.875rem;
  white-space: nowrap;
}

.warning {
  padding: 0.6rem 1.5rem;
  background: var(--wash);
  color: var(--warn);
  font-weight: 600;
  text-align: center;
}

#connection:not(:empty)::before {
  content: "";
  display: inline-block;
  width: 0.5rem;
  height: 0.5rem;
  margin-inline-end: 0.5rem;
  border-radius: 50%;
  background: var(--muted);
  vertical-align: 0.05em;
}

#connection[data-state="live"]::before {
  background: var(--good);
}

#connection[data-state="waiting"] {
  color: var(--warn);
}

#connection[data-state="waiting"]::before {
  background: var(--warn);
}

/* The content */

main {
  max-width: 62rem;
  margin: 0 auto;
  padding: 2.5rem 1.5rem 5rem;
}

main:focus {
  outline: none;
}

h1 {
  font-size: 1.75rem;
  font-weight: 650;
  letter-spacing: -0.02em;
  line-height: 1.25;
  overflow-wrap: anywhere;
}

h1.id {
  font-size: 1.5rem;
  letter-spacing: -0.03em;
}

h2 {
  margin: 2.5rem 0 0.75rem;
  font-size: 1rem;
  font-weight: 650;
}

.kind {
  margin-bottom: 0.25rem;
  color: var(--muted);
  font-size: 0.875rem;
}

.lead {
  max-width: 40rem;
  margin-top: 0.5rem;
  color: var(--muted);
}

.pending {
  color: var(--muted);
}

.notice {
  margin-top: 1.5rem;
  padding: 1.25rem 1.5rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: var(--raised);
}

.notice h2 {
  margin: 0;
}

.notice > * + * {
  margin-top: 0.5rem;
}

pre {
  margin: 0;
  padding: 0.75rem 1rem;
  overflow-x: auto;
  border-radius: 0.4rem;
  background: var(--paper);
  font-size: 0.8125rem;
  line-height: 1.6;
}

/* The sign-in */

.sign-in {
  display: block;
  max-width: 34rem;
  margin-top: 1.5rem;
}

.sign-in label {
  display: block;
  margin-bottom: 0.25rem;
  font-weight: 600;
}

.row {
  display: flex;
  gap: 0.5rem;
}

.hint,
.or {
  margin-top: 0.5rem;
  color: var(--muted);
  font-size: 0.875rem;
}

.ways:empty,
.problem:empty {
  display: none;
}

.ways,
.problem {
  margin-top: 1rem;
}

.ways .or {
  margin-top: 1.5rem;
}

.problem {
  color: var(--warn);
  font-weight: 600;
}

a.button {
  display: inline-block;
  max-width: 100%;
  padding: 0.45rem 1rem;
  border-radius: 0.4rem;
  background: var(--accent);
  color: var(--accent-ink);
  font-weight: 600;
  overflow-wrap: anywhere;
  text-decoration: none;
}

/* Narrow */

@media (max-width: 46rem) {
  header,
  header:has(#account:not(:empty)) {
    grid-template-columns: 1fr auto;
    padding: 0.75rem 1rem;
  }

  header search {
    grid-row: 2;
    grid-column: 1 / -1;
  }

  .status {
    display: contents;
  }

  #connection {
    color: var(--muted);
    font-size: 0.875rem;
  }

  #account {
    grid-row: 3;
    grid-column: 1 / -1;
    justify-content: space-between;
    color: var(--muted);
    font-size: 0.875rem;
  }

  main {
    padding: 1.5rem 1rem 4rem;
  }
}
`,
  "page.html": `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Mars</title>
    <link rel="icon" href="/ui/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/ui/page.css" />
    <link rel="stylesheet" href="/ui/views.css" />
    <script type="module" src="/ui/page.js"></script>
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header>
      <a class="brand" href="/"><img src="/ui/icon.svg" alt="" width="22" height="22" />Mars</a>
      <search id="search"><form action="/search/event" method="get">
        <label class="unseen" for="query">Message id or external id</label>
        <input
          id="query"
          name="message_id"
          type="search"
          required
          maxlength="512"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          placeholder="Message id or external id"
        />
        <button type="submit">Find</button>
      </form></search>
      <div class="status">
        <p id="connection" role="status"></p>
        <div id="account"></div>
      </div>
    </header>
    <main id="main" tabindex="-1">
      <noscript>
        <p class="notice">
          This page needs JavaScript. Without it, a message can be read at
          <code>/api/messages?message_id=…</code>.
        </p>
      </noscript>
    </main>
    <p id="announcer" class="unseen" aria-live="polite"></p>
  </body>
</html>
`,
  "page.js": `import { showAccount, whoAmI } from "./account.js";
import { ApiError, signedOut } from "./api.js";
import { byId } from "./dom.js";
import { showHome } from "./home-view.js";
import { showSearch } from "./search-view.js";
import { showSignIn } from "./sign-in-view.js";
async function start() {
  try {
    showAccount(await whoAmI());
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      return showSignIn(error.status === 403 ? error.message : undefined);
    }
  }
  signedOut.addEventListener("end", () => void showSignIn("Your session has ended."), { once: true });
  showView();
}
function showView() {
  const query = new URLSearchParams(location.search);
  const id = query.get("message_id") ?? "";
  const appId = query.get("app_id") || undefined;
  if (id === "") {
    showHome();
  } else {
    byId("query").value = id;
    showSearch(id, appId);
  }
}
start();
`,
  "search-view.js": `import { ApiError, getMessage, listMessages } from "./api.js";
import { showConnection } from "./connection.js";
import { element, mainElement, notice } from "./dom.js";
import { openFeed } from "./feed.js";
import { messageTable } from "./message-list.js";
import { showMessage } from "./message-view.js";
const matchesMax = 200;
export async function showSearch(id, appId) {
  document.title = \`\${id} · Mars\`;
  mainElement().replaceChildren(element("p", { class: "pending" }, "Searching …"));
  try {
    await search(id, appId);
  } catch (error) {
    showFailure(error, () => showSearch(id, appId));
  }
}
async function search(id, appId) {
  const { found, asOfSeq } = await findMatches(id, appId);
  const one = found.length === 1 || appId !== undefined ? found[0] : undefined;
  if (one === undefined && found.length > 0)
    return showMatches(id, found);
  const message = one && await getMessage(one.app_id, one.message_id);
  if (message === undefined)
    showWaiting(id, appId, asOfSeq);
  else
    showMessage(message, id, () => void showSearch(id, appId));
}
async function findMatches(id, appId) {
  const shared = {
    order: "updated",
    limit: String(matchesMax),
    ...appId === undefined ? {} : { app_id: appId }
  };
  const pages = await Promise.all([
    listMessages({ message_id: id, ...shared }),
    listMessages({ external_id: id, ...shared })
  ]);
  const byKey = new Map;
  for (const message of pages.flatMap((page) => page.messages)) {
    byKey.set(JSON.stringify([message.app_id, message.message_id]), message);
  }
  return { found: [...byKey.values()], asOfSeq: Math.min(...pages.map((page) => page.as_of_seq)) };
}
function showMatches(id, found) {
  showConnection("off");
  mainElement().replaceChildren(element("p", { class: "kind" }, \`\${found.length} messages have this id\`), element("h1", { class: "id" }, id), messageTable(found, \`Messages with the id \${id}\`));
}
function showWaiting(id, appId, asOfSeq) {
  const where = appId === undefined ? "in any app that you may see" : \`in the app \${appId}\`;
  mainElement().replaceChildren(element("p", { class: "kind" }, "Message"), element("h1", { class: "id" }, id), notice("No events yet", \`No event with this message id or external id has arrived \${where}.\`, "The first event with this message id appears here by itself."));
  const feed = openFeed(\`event_timeline:\${id}\`, asOfSeq, {
    event(event) {
      if (event.seq === 0 || appId !== undefined && event.app_id !== appId)
        return;
      feed.close();
      showSearch(id, appId);
    },
    state: showConnection,
    lost() {
      feed.close();
      showSearch(id, appId);
    },
    refused: (reason) => mainElement().append(notice("There are no live updates of this id", reason))
  });
}
function showFailure(error, again) {
  if (error instanceof ApiError && error.status === 401)
    return;
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 429;
  if (refused) {
    mainElement().replaceChildren(notice("No message can have this id", error.message));
    return;
  }
  const button = element("button", { type: "button" }, "Try again");
  button.onclick = () => void again();
  const reason = error instanceof ApiError ? error.message : String(error);
  mainElement().replaceChildren(notice("The search failed", reason, button));
}
`,
  "sign-in-view.js": `import { ApiError, call } from "./api.js";
import { showConnection } from "./connection.js";
import { byId, element, mainElement } from "./dom.js";
export async function showSignIn(reason) {
  document.title = "Sign in · Mars";
  showConnection("off");
  byId("account").replaceChildren();
  byId("search").hidden = true;
  const problem = element("p", { class: "problem", role: "alert" }, reason ?? "");
  const key = element("input", {
    id: "key",
    type: "password",
    required: "",
    autocomplete: "current-password",
    spellcheck: "false",
    "aria-describedby": "key-hint"
  });
  const button = element("button", { type: "submit" }, "Sign in");
  const form = element("form", { class: "sign-in", action: "/", method: "post" }, element("label", { for: "key" }, "Key"), element("div", { class: "row" }, key, button), element("p", { id: "key-hint", class: "hint" }, "A key of this Mars that may read. This browser keeps a session, and not the key."));
  form.onsubmit = async (submitted) => {
    submitted.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await call("POST", "/api/sessions", { token: key.value.trim() });
      location.reload();
    } catch (error) {
      button.disabled = false;
      problem.textContent = problemOf(error);
      key.select();
    }
  };
  const place = element("div", { class: "ways" });
  mainElement().replaceChildren(element("h1", {}, "Sign in"), problem, place, form);
  key.focus();
  const ways = await call("GET", "/api/sign-in").catch(() => {
    return;
  });
  if (ways?.issuer)
    place.replaceChildren(issuerLink(ways.issuer), element("p", { class: "or" }, "or by a key"));
}
function issuerLink({ host, path }) {
  const query = new URLSearchParams({ return_to: location.pathname + location.search });
  return element("a", { class: "button", href: \`\${path}?\${query}\` }, \`Sign in with \${host}\`);
}
function problemOf(error) {
  if (!(error instanceof ApiError))
    return String(error);
  if (error.status === 401)
    return "No key of this Mars: it may be misspelt, revoked or over.";
  return error.message;
}
`,
  "state.js": `import { element } from "./dom.js";
import { durationText } from "./time.js";
export function stateElement(state) {
  return element("span", { class: \`state \${state}\` }, state);
}
export function findingTexts({ stages }, now) {
  const since = (time) => durationText(Math.max(0, now - Date.parse(time)));
  return [
    ...stages.flatMap(({ stage, missing_since }) => missing_since === null ? [] : [\`\${stage} missing for \${since(missing_since)}\`]),
    ...stages.flatMap(({ stage, status }) => status === "skipped" ? [\`\${stage} was skipped\`] : []),
    ...stages.flatMap(({ stage, late_by_ms }) => late_by_ms === null ? [] : [\`\${stage} came \${durationText(late_by_ms)} late\`])
  ];
}
`,
  "time.js": `import { element } from "./dom.js";
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23"
});
export function dayOf(time) {
  return day.format(new Date(time));
}
export function clockElement(time) {
  return timeElement(time, clock.format(new Date(time)));
}
export function momentElement(time) {
  return timeElement(time, moment.format(new Date(time)));
}
export function agoElement(time, now) {
  const ms = now - Date.parse(time);
  if (ms < -2000 || ms > 86400000)
    return momentElement(time);
  if (ms < 2000)
    return timeElement(time, "now");
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60)
    return timeElement(time, \`\${seconds} s ago\`);
  const minutes = Math.floor(seconds / 60);
  return timeElement(time, minutes < 60 ? \`\${minutes} min ago\` : \`\${Math.floor(minutes / 60)} h ago\`);
}
function timeElement(time, text) {
  return element("time", { datetime: time, title: \`\${time.replace("T", " ").replace("Z", "")} UTC\` }, text);
}
export function betweenMs(from, to) {
  return Date.parse(to) - Date.parse(from) + (microsOf(to) - microsOf(from)) / 1000;
}
function microsOf(time) {
  return Number(time.slice(23, 26));
}
export function durationText(ms) {
  if (ms < 1)
    return \`\${Math.round(ms * 1000)} µs\`;
  if (ms < 1000)
    return \`\${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms\`;
  const seconds = ms / 1000;
  if (seconds < 60)
    return \`\${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s\`;
  const units = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"]
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const [bigSize, bigName] = units[first];
  const big = Math.floor(seconds / bigSize);
  const next = units[first + 1];
  const small = next === undefined ? 0 : Math.floor((seconds - big * bigSize) / next[0]);
  return small === 0 || next === undefined ? \`\${big} \${bigName}\` : \`\${big} \${bigName} \${small} \${next[1]}\`;
}
`,
  "timeline.js": `import { element } from "./dom.js";
import { betweenMs, clockElement, dayOf, durationText } from "./time.js";
const shownMax = 1000;
const lateMs = 5000;

export class Timeline {
  element = element("ol", { class: "timeline" });
  #events;
  #shown = shownMax;
  #total;
  constructor(events, total) {
    this.#events = events.toReversed();
    this.#total = total;
    this.#draw(undefined);
  }
  get total() {
    return this.#total;
  }
  addEarlier(events) {
    const known = new Set(this.#events.map(({ seq }) => seq));
    const more = events.filter(({ seq }) => !known.has(seq)).toReversed();
    this.#events = [...more, ...this.#events].sort(byTime);
    this.#shown += more.length;
    this.#draw(undefined);
  }
  get events() {
    return this.#events;
  }
  add(arrived) {
    const { replaces, ...event } = arrived;
    if (replaces !== undefined) {
      this.#events = this.#events.filter((one) => one.seq !== replaces);
      Object.assign(event, { seq: replaces });
    } else if (event.seq !== 0) {
      if (this.#events.some((one) => one.seq === event.seq))
        return;
      this.#total += 1;
    }
    this.#events.push(event);
    this.#events.sort(byTime);
    this.#draw(event);
  }
  #draw(fresh) {
    const shown = this.#events.slice(-this.#shown);
    const left = this.#total - shown.filter(({ seq }) => seq !== 0).length;
    const items = [];
    if (left > 0)
      items.push(element("li", { class: "day" }, \`\${left} earlier events are not shown\`));
    let before;
    for (const event of shown) {
      const day = dayOf(event.created_at);
      if (before === undefined || dayOf(before.created_at) !== day) {
        items.push(element("li", { class: "day" }, day));
      }
      items.push(eventItem(event, before, event === fresh));
      before = event;
    }
    this.element.replaceChildren(...items);
  }
}
function byTime(a, b) {
  if (a.created_at === b.created_at)
    return 0;
  return a.created_at < b.created_at ? -1 : 1;
}
function eventItem(event, before, fresh) {
  const item = element("li", { class: fresh ? "event fresh" : "event" });
  const sinceMs = before === undefined ? 0 : betweenMs(before.created_at, event.created_at);
  const gap = before === undefined ? "" : \`+\${durationText(sinceMs)}\`;
  const when = element("div", { class: "when" }, clockElement(event.created_at), element("span", { class: "gap" }, gap));
  const what = element("div", { class: "what" }, element("h3", {}, event.event));
  const notes = notesOf(event);
  if (notes.length > 0)
    what.append(element("p", { class: "notes" }, notes.join(" · ")));
  const { attributes } = event;
  if (attributes !== null) {
    const count = Object.keys(attributes).length;
    const title = element("summary", {}, count === 1 ? "1 attribute" : \`\${count} attributes\`);
    what.append(element("details", {}, title, element("pre", {}, JSON.stringify(attributes, null, 2))));
  }
  item.append(when, what);
  return item;
}
function notesOf(event) {
  const notes = [];
  const delayMs = betweenMs(event.created_at, event.received_at);
  if (event.seq === 0)
    notes.push("a test, not stored");
  if (event.event_id !== null)
    notes.push(\`event id \${event.event_id}\`);
  if (event.external_id !== null)
    notes.push(\`external id \${event.external_id}\`);
  if (event.parent_id !== null)
    notes.push(\`part of \${event.parent_id}\`);
  if (delayMs > lateMs)
    notes.push(\`reported \${durationText(delayMs)} later\`);
  if (event.duplicates !== undefined && event.duplicates > 0) {
    notes.push(event.duplicates === 1 ? "reported twice" : \`reported \${event.duplicates + 1} times\`);
  }
  return notes;
}
`,
  "views.css": `/* Lists of messages, and the timeline of one. */

/* Messages */

.messages {
  width: 100%;
  border-collapse: collapse;
  font-size: 0.9375rem;
}

h1 + .messages {
  margin-top: 1.5rem;
}

.messages th {
  padding: 0 1rem 0.4rem 0;
  color: var(--muted);
  font-size: 0.8125rem;
  font-weight: 500;
  text-align: start;
}

.messages td {
  padding: 0.6rem 1rem 0.6rem 0;
  border-top: 1px solid var(--line);
  overflow-wrap: anywhere;
  vertical-align: baseline;
}

.messages [data-of="Message"] {
  width: 36%;
}

.messages [data-of="App"] {
  min-width: 9.5rem;
}

.messages [data-of="State"] {
  width: 1%;
  min-width: 6rem;
  white-space: nowrap;
}

.messages [data-of="Last event"] {
  width: 24%;
}

.messages [data-of="Events"],
.messages [data-of="Updated"] {
  width: 1%;
  font-variant-numeric: tabular-nums;
  text-align: end;
  white-space: nowrap;
}

.messages [data-of="Updated"] {
  padding-inline-end: 0;
  min-width: 8rem;
}

.messages .id {
  font-size: 0.875rem;
}

.also {
  display: block;
  color: var(--muted);
  font: 0.8125rem / 1.5 var(--mono);
}

/* One message */

.facts {
  display: flex;
  flex-wrap: wrap;
  gap: 0.75rem 2.5rem;
  margin-top: 1.25rem;
  padding-bottom: 1.5rem;
  border-bottom: 1px solid var(--line);
}

dt {
  color: var(--muted);
  font-size: 0.8125rem;
}

dd {
  overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums;
}

.timeline {
  margin-top: 0.5rem;
  list-style: none;
}

.day {
  padding: 1.5rem 0 0.5rem;
  color: var(--muted);
  font-size: 0.8125rem;
}

.event {
  display: grid;
  grid-template-columns: 8rem minmax(0, 1fr);
  column-gap: 2.5rem;
  padding-bottom: 1.25rem;
}

.when {
  text-align: end;
  font-variant-numeric: tabular-nums;
}

.when time {
  display: block;
}

.gap {
  color: var(--muted);
  font-size: 0.8125rem;
}

.what {
  position: relative;
  min-height: 2.75rem;
}

/* The rule and its marks: each event draws the line down to the next. */
.what::before {
  content: "";
  position: absolute;
  inset-inline-start: -1.25rem;
  top: 0.75rem;
  bottom: -2rem;
  border-inline-start: 1px solid var(--line);
}

.event:last-child .what::before {
  display: none;
}

.what::after {
  content: "";
  position: absolute;
  inset-inline-start: -1.25rem;
  top: 0.5rem;
  width: 0.5625rem;
  height: 0.5625rem;
  border: 2px solid var(--accent);
  border-radius: 50%;
  background: var(--paper);
  translate: -0.25rem 0;
}

.event:last-child .what::after {
  background: var(--accent);
}

.event h3 {
  font-size: 1rem;
  font-weight: 600;
  overflow-wrap: anywhere;
}

.notes {
  color: var(--muted);
  font-size: 0.8125rem;
  overflow-wrap: anywhere;
}

details {
  margin-top: 0.25rem;
  font-size: 0.8125rem;
}

summary {
  width: fit-content;
  color: var(--muted);
  cursor: pointer;
}

summary + pre {
  margin-top: 0.5rem;
  border: 1px solid var(--line);
  background: var(--raised);
}

@media (prefers-reduced-motion: no-preference) {
  .fresh {
    animation: arrive 2.4s ease-out;
  }

  @keyframes arrive {
    from {
      background: var(--wash);
      box-shadow: 0 0 0 0.5rem var(--wash);
    }
  }
}

/* Narrow */

@media (max-width: 46rem) {
  .messages thead {
    display: none;
  }

  .messages tr {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0 1rem;
    padding: 0.7rem 0;
    border-top: 1px solid var(--line);
  }

  .messages td {
    width: auto;
    padding: 0;
    border: 0;
  }

  .messages [data-of="Message"] {
    grid-column: 1 / -1;
    width: auto;
  }

  .messages [data-of="Last event"] {
    width: auto;
  }

  .messages [data-of="App"] {
    order: 1;
    min-width: 0;
    color: var(--muted);
    font-size: 0.875rem;
  }

  .messages [data-of="State"] {
    order: 2;
    width: auto;
    min-width: 0;
    font-size: 0.875rem;
    text-align: end;
  }

  .messages [data-of="Events"] {
    display: none;
  }

  .messages [data-of="Updated"] {
    width: auto;
    color: var(--muted);
    font-size: 0.875rem;
  }

  .event {
    grid-template-columns: minmax(0, 1fr);
    padding-inline-start: 1.5rem;
  }

  .when {
    display: flex;
    gap: 0.75rem;
    align-items: baseline;
    color: var(--muted);
    font-size: 0.875rem;
    text-align: start;
  }

  .what {
    position: static;
    min-height: 0;
  }

  .event {
    position: relative;
  }

  .what::before,
  .what::after {
    inset-inline-start: 0.25rem;
  }

  .what::before {
    bottom: -0.5rem;
  }
}

/* Never by colour alone: the word is there. */
.state {
  color: var(--muted);

  &.complete {
    color: var(--good);
  }

  &.overdue {
    color: var(--warn);
    font-weight: 600;
  }

  &.abandoned {
    color: var(--warn);
  }

  &.failed {
    color: var(--accent);
    font-weight: 600;
  }
}
`,
};
