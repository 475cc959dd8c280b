/** One message: what has happened against what should have, live. */

import { normalTimes, stageViews } from "../../../api/stage-views.ts";
import { now as clock } from "../../data/clock.ts";
import type { Message } from "../../data/message-events.ts";
import { useRead } from "../../data/resource.ts";
import { messageAddress, parameter } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Actions } from "./actions.tsx";
import { Facts } from "./facts.tsx";
import { Found } from "./found.tsx";
import { Journey } from "./journey/journey.tsx";
import { useLiveMessage } from "./live-message.ts";
import { RunChoice } from "./run-choice.tsx";
import { formerRun, runOf } from "./runs.ts";
import { useComparison } from "./stages/compare.tsx";
import { StageRows } from "./stages/stage-rows.tsx";
import { Timeline } from "./timeline/timeline.tsx";
import { FormerRun, Verdict } from "./verdict.tsx";

interface MessageScreenProps {
  readonly first: Message;
  /** The id of the search: the message's own or an external one. */
  readonly soughtId: string;
  /** Reads the message again. */
  again(): void;
}

export function MessageScreen({ first, soughtId, again }: MessageScreenProps) {
  const { app_id: appId, message_id: messageId } = first;
  const { now: message, events, total, earlier, later, goTo, look } = useLiveMessage(first, again);
  const normal = { app_id: appId, ...normalTimes(clock.value) };
  const latency = useRead("getLatency", normal, { when: first.lifecycle !== null });
  const former = formerRun(message, parameter("run"));
  const shown = former?.stages ?? message.lifecycle?.stages ?? [];
  const stages = stageViews(shown, latency.data, clock.value);
  const comparison = useComparison(message, stages, latency.data);
  const runs = message.lifecycle?.runs ?? [];
  const own = former === undefined ? events : events.filter((event) => runOf(event, runs) === former.run);
  return (
    <Page title={messageId} tab={messageId} controls={<Actions message={message} />}>
      <p class="crumbs">
        <a href={`/messages?app_id=${encodeURIComponent(appId)}`}>{appId}</a>
        {message.parent_id !== null && (
          <>
            {" › part of "}
            <a class="id" href={messageAddress({ app_id: appId, message_id: message.parent_id })}>
              {message.parent_id}
            </a>
          </>
        )}
        {soughtId !== messageId && <> › message with the external id {soughtId}</>}{" "}
        <WordBadge word={message.state} />
      </p>
      <RunChoice message={message} shown={former} />
      {former === undefined ? (
        <Verdict message={message} stages={stages} events={events} changed={look} />
      ) : (
        <FormerRun run={former} events={own} />
      )}
      {message.lifecycle !== null && <StageRows appId={appId} stages={stages} comparison={comparison} />}
      <Facts message={message} events={events} />
      <Journey message={message} events={events} />
      <Found message={message} changed={look} />
      <Timeline
        events={own}
        runs={runs}
        total={former === undefined ? total : own.length}
        failedAt={message.lifecycle?.failed_at ?? undefined}
        {...(former === undefined && { goTo })}
        {...(earlier !== undefined && { earlier })}
        {...(later !== undefined && { later })}
      />
    </Page>
  );
}
