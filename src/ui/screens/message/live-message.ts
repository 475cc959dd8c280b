/** A message that is on the screen: its state read again as events and findings change it, its events as they arrive, and a window of them. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../data/call.ts";
import { setClock } from "../../data/clock.ts";
import { watch } from "../../data/live.ts";
import { type Message, type TimelineEvent, withEarlier, withEvent } from "../../data/message-events.ts";

/** What others owe comes with their events, which no topic of the message has; and a lifecycle may change. */
const owedRefreshMs = 5_000;
const refreshMs = 60_000;
/** Events that come together cause one read. */
const gatherMs = 150;
/** Events of one read: of the last ones, and of a page elsewhere. */
const lastEvents = 1_000;
const pageEvents = 250;

/** Events that are kept while the end is not loaded. */
const asideMax = 1_000;

/** What is loaded: a run of the message's events in their order. */
interface EventWindow {
  readonly events: readonly TimelineEvent[];
  /** Asks for the events before; absent where there are none. */
  readonly before?: Page;
  /** Asks for the events behind; absent where what arrives is put at the end. */
  readonly behind?: Page;
}

type Page =
  | { readonly of: "last"; readonly cursor: string }
  | { readonly of: "page"; readonly order: "asc" | "desc"; readonly given: PageFilter };

interface PageFilter {
  readonly since?: string;
  readonly until?: string;
  readonly cursor?: string;
}

/** A place among the events: an end of them, or a time. */
export type Place = "first" | "last" | { readonly at: string };

export interface LiveMessage {
  /** Of its `events` only the last one: see below. */
  readonly now: Message;
  /** Those that are loaded, in their order. */
  readonly events: readonly TimelineEvent[];
  /** Number of its events, those that are not loaded included. */
  readonly total: number;
  /** Loads the events before; absent where there are none. */
  earlier?(): Promise<void>;
  /** Loads the events behind; absent where there are none. */
  later?(): Promise<void>;
  /** Loads the events from a place on. */
  goTo(place: Place): Promise<void>;
  /** Reads its state again. */
  look(): void;
}

/** @param again reads all of the message again, where what came cannot be sent any more */
export function useLiveMessage(first: Message, again: () => void): LiveMessage {
  const key = { app_id: first.app_id, message_id: first.message_id };
  const loaded = useSignal<EventWindow>(endOf(first));
  const status = useSignal<Message>(first);
  const added = useSignal(0);
  const look = useRef(async () => {});
  /** Arrived while the end was not loaded: a page that reaches it may have been read before. */
  const aside = useRef<readonly TimelineEvent[]>([]);

  useEffect(() => {
    let gather: ReturnType<typeof setTimeout> | undefined;
    let lookedAt = performance.now();
    look.current = async () => {
      lookedAt = performance.now();
      const now = await call("getMessage", { ...key, order: "newest", limit: 1 }).catch(() => undefined);
      if (now === undefined) return;
      status.value = now;
      added.value = 0;
      if (now.lifecycle !== null) setClock(now.lifecycle.clock);
    };
    const refresh = setInterval(() => {
      const { lifecycle } = status.peek();
      if (document.visibilityState !== "visible" || lifecycle === null) return;
      const owes = lifecycle.stages.some(({ owed }) => owed !== null);
      if (owes || performance.now() - lookedAt >= refreshMs) void look.current();
    }, owedRefreshMs);
    const topic = `apps/${encodeURIComponent(key.app_id)}/messages/${encodeURIComponent(key.message_id)}`;
    const stop = watch(topic, first.as_of_seq, {
      frame: ({ event }) => {
        const { events, behind } = loaded.peek();
        const next = withEvent(events, event as TimelineEvent);
        if (next.length > events.length) added.value += 1;
        if (behind === undefined) loaded.value = { ...loaded.peek(), events: next };
        else aside.current = [...aside.current.slice(1 - asideMax), event as TimelineEvent];
        clearTimeout(gather);
        gather = setTimeout(look.current, gatherMs);
      },
      lost: again,
    });
    return () => {
      clearInterval(refresh);
      clearTimeout(gather);
      stop();
    };
  }, [key.app_id, key.message_id]);

  const last = async () => endOf(await call("getMessage", { ...key, order: "newest", limit: lastEvents }));
  const read = async ({ order, given }: Extract<Page, { of: "page" }>) => {
    const page = await call("listMessageEvents", { ...key, order, limit: pageEvents, ...given });
    const cursor = page.next_cursor;
    const more: Page | undefined =
      cursor === null ? undefined : { of: "page", order, given: { ...given, cursor } };
    return { events: page.events, more };
  };

  const show = (next: EventWindow) => {
    if (next.behind !== undefined) {
      loaded.value = next;
      return;
    }
    loaded.value = { ...next, events: aside.current.reduce(withEvent, next.events) };
    aside.current = [];
  };

  const { events, before, behind } = loaded.value;
  const earlier = async (page: Page) => {
    if (page.of === "last") {
      const { cursor } = page;
      const found = await call("getMessage", { ...key, order: "newest", limit: lastEvents, cursor });
      const next = found.next_cursor;
      show({
        events: withEarlier(events, found.events),
        ...(next !== null && { before: { of: "last", cursor: next } }),
      });
      return;
    }
    const found = await read(page);
    show({
      events: withEarlier(events, found.events),
      ...(found.more && { before: found.more }),
      ...(behind && { behind }),
    });
  };
  const later = async (page: Page) => {
    if (page.of === "last") return;
    const found = await read(page);
    show({
      events: found.events.reduce<readonly TimelineEvent[]>(withEvent, events),
      ...(before && { before }),
      ...(found.more && { behind: found.more }),
    });
  };
  const goTo = async (place: Place) => {
    if (place === "last") {
      show(await last());
      return;
    }
    const since = place === "first" ? {} : { since: place.at };
    const found = await read({ of: "page", order: "asc", given: since });
    show({
      events: found.events,
      ...(place !== "first" && {
        before: { of: "page", order: "desc", given: { until: place.at } },
      }),
      ...(found.more && { behind: found.more }),
    });
  };

  return {
    now: status.value,
    events,
    total: status.value.event_count + added.value,
    ...(before && { earlier: () => earlier(before) }),
    ...(behind && { later: () => later(behind) }),
    goTo,
    look: () => void look.current(),
  };
}

/** The last events, as a message is read first. */
function endOf({ events, next_cursor: cursor }: Message): EventWindow {
  return {
    events: events.toReversed(),
    ...(cursor !== null && { before: { of: "last", cursor } }),
  };
}
