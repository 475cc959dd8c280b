/** A message that is on the screen: its state read again as it changes, its events as they arrive. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../data/call.ts";
import { setClock } from "../../data/clock.ts";
import { watch } from "../../data/live.ts";
import { type Message, type TimelineEvent, withEarlier, withEvent } from "../../data/message-events.ts";

/** Time alone changes what is due. */
const refreshMs = 5_000;
/** Events that come together cause one read. */
const gatherMs = 150;
/** Events of one read. */
const pageEvents = 1_000;

export interface LiveMessage {
  /** Of its `events` only the last one: see below. */
  readonly now: Message;
  /** Those that are loaded, in their order. */
  readonly events: readonly TimelineEvent[];
  /** Number of its events, those that are not loaded included. */
  readonly total: number;
  /** Loads the events before; absent where there are none. */
  earlier?(): Promise<void>;
  /** Reads its state again. */
  look(): void;
}

/** @param again reads the message again, where what came cannot be sent any more */
export function useLiveMessage(first: Message, again: () => void): LiveMessage {
  const key = { app_id: first.app_id, message_id: first.message_id };
  const events = useSignal<readonly TimelineEvent[]>(first.events.toReversed());
  const cursor = useSignal(first.next_cursor);
  const status = useSignal<Message>(first);
  const added = useSignal(0);
  const look = useRef(async () => {});

  useEffect(() => {
    let gather: ReturnType<typeof setTimeout> | undefined;
    look.current = async () => {
      const now = await call("getMessage", { ...key, order: "newest", limit: 1 }).catch(() => undefined);
      if (now === undefined) return;
      status.value = now;
      added.value = 0;
      if (now.lifecycle !== null) setClock(now.lifecycle.clock);
    };
    const refresh = setInterval(() => {
      if (document.visibilityState === "visible" && status.peek().lifecycle !== null) void look.current();
    }, refreshMs);
    const topic = `apps/${encodeURIComponent(key.app_id)}/messages/${encodeURIComponent(key.message_id)}`;
    const stop = watch(topic, first.as_of_seq, {
      frame: ({ event }) => {
        const arrived = event as TimelineEvent;
        const next = withEvent(events.peek(), arrived);
        if (next.length > events.peek().length) added.value += 1;
        events.value = next;
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

  const earlier = async () => {
    const page = await call("getMessage", {
      ...key,
      order: "newest",
      limit: pageEvents,
      cursor: cursor.value,
    });
    events.value = withEarlier(events.peek(), page.events);
    cursor.value = page.next_cursor;
  };

  return {
    now: status.value,
    events: events.value,
    total: status.value.event_count + added.value,
    ...(cursor.value !== null && { earlier }),
    look: () => void look.current(),
  };
}
