/** One message: what has happened against what should have, live. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../data/call.ts";
import { setClock } from "../../data/clock.ts";
import { watch } from "../../data/live.ts";
import { type Message, type TimelineEvent, withEarlier, withEvent } from "../../data/message-events.ts";
import { useRead } from "../../data/resource.ts";
import { Page } from "../../frame/page.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { Actions } from "./actions.tsx";
import { Facts } from "./facts.tsx";
import { Journey } from "./journey.tsx";
import { StageRows } from "./stage-rows.tsx";
import { Timeline } from "./timeline.tsx";
import { Verdict } from "./verdict.tsx";

/** Time alone changes what is due. */
const refreshMs = 5_000;
/** Events that come together cause one read. */
const gatherMs = 150;

interface MessageProps {
  readonly appId: string;
  readonly messageId: string;
  /** The id of the search: the message's own or an external one. */
  readonly soughtId: string;
}

export function MessageScreen({ appId, messageId, soughtId }: MessageProps) {
  const key = { app_id: appId, message_id: messageId };
  const message = useRead("getMessage", { ...key, order: "newest", limit: 1_000 });
  const data = message.data;
  if (data === undefined) {
    return (
      <Page title={messageId}>
        {message.error?.status === 404 ? (
          <Empty title="This message is not there">
            <p>It has no event, or retention or an erasure has taken it.</p>
          </Empty>
        ) : message.error !== undefined ? (
          <Failure error={message.error} what="The message" />
        ) : (
          <Pending what="the message" rows={8} />
        )}
      </Page>
    );
  }
  return <Shown key={`${appId} ${messageId}`} first={data} soughtId={soughtId} again={message.reload} />;
}

function Shown({ first, soughtId, again }: { first: Message; soughtId: string; again(): void }) {
  const { app_id: appId, message_id: messageId } = first;
  const events = useSignal<readonly TimelineEvent[]>(first.events.toReversed());
  const cursor = useSignal(first.next_cursor);
  const status = useSignal<Message>(first);
  const added = useSignal(0);
  const latency = useRead("getLatency", { app_id: appId }, { when: first.lifecycle !== null });
  const gather = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    const look = async () => {
      const now = await call("getMessage", {
        app_id: appId,
        message_id: messageId,
        order: "newest",
        limit: 1,
      }).catch(() => undefined);
      if (now === undefined) return;
      status.value = now;
      added.value = 0;
      if (now.lifecycle !== null) setClock(now.lifecycle.clock);
    };
    const refresh = setInterval(() => {
      if (document.visibilityState === "visible" && status.peek().lifecycle !== null) void look();
    }, refreshMs);
    const topic = `apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}`;
    const stop = watch(topic, first.as_of_seq, {
      frame: ({ event }) => {
        const arrived = event as TimelineEvent;
        const next = withEvent(events.peek(), arrived);
        if (next.length > events.peek().length) added.value += 1;
        events.value = next;
        clearTimeout(gather.current);
        gather.current = setTimeout(look, gatherMs);
      },
      lost: again,
    });
    return () => {
      clearInterval(refresh);
      clearTimeout(gather.current);
      stop();
    };
  }, [appId, messageId]);

  const earlier = async () => {
    const page = await call("getMessage", {
      app_id: appId,
      message_id: messageId,
      order: "newest",
      limit: 1_000,
      cursor: cursor.value,
    });
    events.value = withEarlier(events.peek(), page.events);
    cursor.value = page.next_cursor;
  };

  const now = status.value;
  return (
    <Page title={messageId} tab={messageId} controls={<Actions message={now} />}>
      <p class="crumbs">
        <a href={`/messages?app_id=${encodeURIComponent(appId)}`}>{appId}</a>
        {soughtId !== messageId && <> › message with the external id {soughtId}</>}{" "}
        <WordBadge word={now.state} />
      </p>
      <Verdict message={now} latency={latency.data} changed={again} />
      {now.lifecycle !== null && <StageRows message={now} events={events.value} latency={latency.data} />}
      <Facts message={now} events={events.value} />
      <Journey message={now} />
      <Timeline
        events={events.value}
        total={now.event_count + added.value}
        {...(cursor.value !== null && { earlier })}
      />
    </Page>
  );
}
