/** The first page: the messages that were updated last, read every two seconds while the page is visible. */
import { ApiError, listMessages, type Summary } from "./api.ts";
import { showConnection } from "./connection.ts";
import { element, mainElement, notice } from "./dom.ts";
import { messageTable } from "./message-list.ts";

const refreshMs = 2_000;
const shownMax = 25;

const example = `curl localhost:4000/api/event -H 'Content-Type: application/json' \\
  -d '{"app_id":"shop","message_id":"order-1","event":"created"}'`;

export function showHome(): void {
  const place = element("div");
  let shown = "";
  mainElement().replaceChildren(
    element("h1", {}, "Where is it now?"),
    element(
      "p",
      { class: "lead" },
      "Find a message by its id or an external id, and follow its events live.",
    ),
    element("h2", {}, "Latest messages"),
    place,
  );
  document.querySelector<HTMLInputElement>("#query")?.focus();

  async function refresh(): Promise<void> {
    // Another view has taken its place.
    if (!place.isConnected) return;
    if (document.visibilityState === "visible") {
      try {
        const { messages } = await listMessages({ order: "updated", limit: String(shownMax) });
        draw(messages);
        showConnection("live");
      } catch (error) {
        if (!place.isConnected) return;
        if (shown === "") place.replaceChildren(notice("The list cannot be read", reasonOf(error)));
        showConnection("waiting");
      }
    }
    setTimeout(refresh, refreshMs);
  }

  function draw(messages: readonly Summary[]): void {
    // Rows are only replaced when they differ, so that a link under the pointer or in focus stays the same element.
    const now = `${JSON.stringify(messages)}${Math.floor(Date.now() / 10_000)}`;
    if (now === shown || place.contains(document.activeElement)) return;
    shown = now;
    place.replaceChildren(messages.length === 0 ? emptyNotice() : messageTable(messages, "Latest messages"));
  }

  void refresh();
}

function emptyNotice(): HTMLElement {
  const code = element("pre", {}, example.replace("localhost:4000", location.host));
  const box = notice("No events yet", "Send one, and its message appears here:");
  box.append(code);
  return box;
}

function reasonOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
