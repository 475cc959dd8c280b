/** One message: what it is, and its timeline as it happens. */
import { getMessage, type Message } from "./api.ts";
import { showConnection } from "./connection.ts";
import { announce, element, mainElement, notice } from "./dom.ts";
import { openFeed } from "./feed.ts";
import { stateElement, troublesOf } from "./state.ts";
import { betweenMs, durationText } from "./time.ts";
import { Timeline } from "./timeline.ts";

const refreshMs = 3_000;

/**
 * @param soughtId what led here: the message's own id or an external one
 * @param again reads and shows everything anew
 */
export function showMessage(message: Message, soughtId: string, again: () => void): void {
  const { app_id: appId, message_id: messageId } = message;
  document.title = `${messageId} · Mars`;
  const timeline = new Timeline(message.events, message.event_count);
  const externalIds = new Set(message.external_ids);
  const facts = element("dl", { class: "facts" });
  let status: MessageStatus = message;
  const showFacts = () => facts.replaceChildren(...factsOf(appId, externalIds, timeline, status));
  showFacts();
  mainElement().replaceChildren(
    element(
      "p",
      { class: "kind" },
      soughtId === messageId ? "Message" : `Message with the external id ${soughtId}`,
    ),
    element("h1", { class: "id" }, messageId),
    facts,
    element("h2", { class: "unseen" }, "Timeline"),
    earlierElement(message, timeline),
    timeline.element,
  );

  // Time alone changes where a message stands. A read that fails is tried again at the next turn.
  const refresh = setInterval(async () => {
    if (status.lifecycle === null || !facts.isConnected) return clearInterval(refresh);
    const now = await getMessage(appId, messageId, { limit: "1" }).catch(() => undefined);
    if (now === undefined) return;
    status = now;
    showFacts();
  }, refreshMs);

  const topic = `apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}`;
  const feed = openFeed(topic, message.as_of_seq, {
    event(event) {
      timeline.add(event);
      if (event.external_id !== null) externalIds.add(event.external_id);
      showFacts();
      announce(`New event: ${event.event}`);
    },
    state: showConnection,
    lost() {
      clearInterval(refresh);
      feed.close();
      again();
    },
    refused(reason) {
      showConnection("off");
      mainElement().append(notice("This message cannot be followed live", reason));
    },
  });
}

/** A button that brings the events before those that are shown, as long as there are any. */
function earlierElement({ app_id, message_id, next_cursor }: Message, timeline: Timeline): HTMLElement {
  const button = element("button", { type: "button" }, "Show earlier events");
  let cursor = next_cursor;
  button.hidden = cursor === null;
  button.onclick = async () => {
    button.disabled = true;
    const page = await getMessage(app_id, message_id, { cursor: cursor ?? "" }).catch(() => undefined);
    button.disabled = false;
    // A read that fails is tried again by another press.
    if (page === undefined) return;
    timeline.addEarlier(page.events);
    cursor = page.next_cursor;
    button.hidden = cursor === null;
  };
  return button;
}

type MessageStatus = Pick<Message, "state" | "lifecycle" | "created_at">;

function factsOf(
  appId: string,
  externalIds: ReadonlySet<string>,
  timeline: Timeline,
  { state, lifecycle, created_at: firstAt }: MessageStatus,
): HTMLElement[] {
  const stored = timeline.events.filter((event) => event.seq !== 0);
  const first = firstAt < (stored[0]?.created_at ?? firstAt) ? { created_at: firstAt } : stored[0];
  const last = stored[stored.length - 1];
  const facts = [
    fact("App", appId),
    fact("State", stateElement(state)),
    fact("Events", String(timeline.total)),
  ];
  const troubles = lifecycle === null ? [] : troublesOf(lifecycle, Date.now());
  if (troubles.length > 0) facts.push(fact("Trouble", troubles.join("; ")));
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

function fact(name: string, value: string | Node): HTMLElement {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
