/** One message: its facts, its findings, and its live timeline. */
import { getMessage, type Message } from "./api.ts";
import { showConnection } from "./connection.ts";
import { announce, element, mainElement, notice } from "./dom.ts";
import { openFeed } from "./feed.ts";
import { owedTexts } from "./owed.ts";
import { findingTexts, stateElement } from "./state.ts";
import { betweenMs, durationText } from "./time.ts";
import { Timeline } from "./timeline.ts";

const refreshMs = 3_000;

/**
 * @param soughtId the id of the search: the message's own or an external one
 * @param again reads and shows the message again
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

  // Time alone changes a message's findings. A read that fails is repeated at the next turn.
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
      mainElement().append(notice("There are no live updates of this message", reason));
    },
  });
}

/** A button that loads earlier events; hidden when there are none. */
function earlierElement({ app_id, message_id, next_cursor }: Message, timeline: Timeline): HTMLElement {
  const button = element("button", { type: "button" }, "Show earlier events");
  let cursor = next_cursor;
  button.hidden = cursor === null;
  button.onclick = async () => {
    button.disabled = true;
    const page = await getMessage(app_id, message_id, { cursor: cursor ?? "" }).catch(() => undefined);
    button.disabled = false;
    // After a read that failed the button can be pressed again.
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
  const findings = lifecycle === null ? [] : findingTexts(lifecycle, Date.now());
  if (findings.length > 0) facts.push(fact("Findings", findings.join("; ")));
  const owed = lifecycle === null ? [] : owedTexts(lifecycle);
  if (owed.length > 0) facts.push(fact("Acknowledgements", owed.join("; ")));
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
