/** A table of messages: the latest, or the matches of a search. */
import type { Summary } from "./api.ts";
import { element } from "./dom.ts";
import { stateElement } from "./state.ts";
import { agoElement } from "./time.ts";

export function messageTable(messages: readonly Summary[], caption: string): HTMLElement {
  const now = Date.now();
  const head = element(
    "tr",
    {},
    ...["Message", "App", "State", "Last event", "Events", "Updated"].map(headCell),
  );
  const rows = messages.map((message) => messageRow(message, now));
  return element(
    "table",
    { class: "messages" },
    element("caption", { class: "unseen" }, caption),
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

export function messageUrl(message: Pick<Summary, "app_id" | "message_id">): string {
  const { app_id, message_id } = message;
  return `/search/event?${new URLSearchParams({ message_id, app_id })}`;
}

function headCell(text: string): HTMLElement {
  return element("th", { scope: "col", "data-of": text }, text);
}

function messageRow(message: Summary, now: number): HTMLElement {
  const { app_id, message_id, external_ids, state, last_event, event_count, updated_at } = message;
  const link = element("a", { class: "id", href: messageUrl(message) }, message_id);
  const names =
    external_ids.length === 0 ? undefined : element("span", { class: "also" }, external_ids.join(", "));
  return element(
    "tr",
    {},
    element("td", { "data-of": "Message" }, link, names),
    element("td", { "data-of": "App" }, app_id),
    element("td", { "data-of": "State" }, stateElement(state)),
    element("td", { "data-of": "Last event" }, last_event),
    element("td", { "data-of": "Events" }, String(event_count)),
    element("td", { "data-of": "Updated" }, agoElement(updated_at, now)),
  );
}
