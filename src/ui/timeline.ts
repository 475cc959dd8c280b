/** The timeline of one message: its events in order of `created_at`, with the time between them. */
import type { TimelineEvent } from "./api.ts";
import { element } from "./dom.ts";
import { betweenMs, clockElement, dayOf, durationText } from "./time.ts";

/** Events that are shown at first: more would make the page slow. */
const shownMax = 1_000;
/** An event that arrived later than this after `created_at` has a note. */
const lateMs = 5_000;

export class Timeline {
  readonly element = element("ol", { class: "timeline" });
  #events: TimelineEvent[];
  #shown = shownMax;
  #total: number;

  /**
   * @param events the newest first
   * @param total number of events, those that are not loaded included
   */
  constructor(events: readonly TimelineEvent[], total: number) {
    this.#events = events.toReversed();
    this.#total = total;
    this.#draw(undefined);
  }

  /** Number of events of the message. */
  get total(): number {
    return this.#total;
  }

  /** Adds events before the first. */
  addEarlier(events: readonly TimelineEvent[]): void {
    const known = new Set(this.#events.map(({ seq }) => seq));
    const more = events.filter(({ seq }) => !known.has(seq)).toReversed();
    this.#events = [...more, ...this.#events].sort(byTime);
    this.#shown += more.length;
    this.#draw(undefined);
  }

  get events(): readonly TimelineEvent[] {
    return this.#events;
  }

  /** Adds an event in its order. One that is there already stays as it is, unless it is replaced. */
  add(arrived: TimelineEvent): void {
    const { replaces, ...event } = arrived;
    if (replaces !== undefined) {
      this.#events = this.#events.filter((one) => one.seq !== replaces);
      Object.assign(event, { seq: replaces });
    } else if (event.seq !== 0) {
      if (this.#events.some((one) => one.seq === event.seq)) return;
      this.#total += 1;
    }
    this.#events.push(event);
    this.#events.sort(byTime);
    this.#draw(event);
  }

  #draw(fresh: TimelineEvent | undefined): void {
    const shown = this.#events.slice(-this.#shown);
    const left = this.#total - shown.filter(({ seq }) => seq !== 0).length;
    const items: HTMLElement[] = [];
    if (left > 0) items.push(element("li", { class: "day" }, `${left} earlier events are not shown`));
    let before: TimelineEvent | undefined;
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

/** Where times are equal the order stays: it is the order of the answer. */
function byTime(a: TimelineEvent, b: TimelineEvent): number {
  if (a.created_at === b.created_at) return 0;
  return a.created_at < b.created_at ? -1 : 1;
}

function eventItem(event: TimelineEvent, before: TimelineEvent | undefined, fresh: boolean): HTMLElement {
  const item = element("li", { class: fresh ? "event fresh" : "event" });
  const sinceMs = before === undefined ? 0 : betweenMs(before.created_at, event.created_at);
  const gap = before === undefined ? "" : `+${durationText(sinceMs)}`;
  const when = element(
    "div",
    { class: "when" },
    clockElement(event.created_at),
    element("span", { class: "gap" }, gap),
  );
  const what = element("div", { class: "what" }, element("h3", {}, event.event));
  const notes = notesOf(event);
  if (notes.length > 0) what.append(element("p", { class: "notes" }, notes.join(" · ")));
  const { attributes } = event;
  if (attributes !== null) {
    const count = Object.keys(attributes).length;
    const title = element("summary", {}, count === 1 ? "1 attribute" : `${count} attributes`);
    what.append(element("details", {}, title, element("pre", {}, JSON.stringify(attributes, null, 2))));
  }
  item.append(when, what);
  return item;
}

function notesOf(event: TimelineEvent): string[] {
  const notes: string[] = [];
  const delayMs = betweenMs(event.created_at, event.received_at);
  if (event.seq === 0) notes.push("a test, not stored");
  if (event.event_id !== null) notes.push(`event id ${event.event_id}`);
  if (event.external_id !== null) notes.push(`external id ${event.external_id}`);
  if (event.parent_id !== null) notes.push(`part of ${event.parent_id}`);
  if (delayMs > lateMs) notes.push(`reported ${durationText(delayMs)} later`);
  if (event.duplicates !== undefined && event.duplicates > 0) {
    notes.push(event.duplicates === 1 ? "reported twice" : `reported ${event.duplicates + 1} times`);
  }
  return notes;
}
