/** An app in one look: what is stuck, what is under way, how long it takes, and its day. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { to } from "../../data/route.ts";
import { sum } from "../../data/sum.ts";
import { compactText, durationText, shortDuration } from "../../data/text.ts";
import { Bars } from "../../parts/bars.tsx";
import { Ago } from "../../parts/time.tsx";

export type OverviewApp = AnswerOf<"getOverview">["apps"][number];

interface AppCardProps {
  readonly app: OverviewApp;
  /** How far it looks back, as `6h`; empty: an hour for its times, and a day for its events. */
  readonly window: string;
}

export function AppCard({ app, window }: AppCardProps) {
  const { app_id, lifecycle_version, messages, new_overdue, step_ms, event_steps, finding_steps } = app;
  const followed = lifecycle_version !== null || messages.overdue + messages.open > 0;
  const tone = new_overdue > 0 ? "bad" : messages.overdue > 0 ? "warn" : followed ? "good" : "plain";
  return (
    <li class={`card is-${tone}`} data-row>
      <div class="top-line">
        <a href={to("/flow", { app_id })}>
          <strong>{app_id}</strong>
        </a>
        {app.last_event_at !== null && (
          <span class="muted" title="The last event">
            <span class="unseen">last event </span>
            <Ago at={app.last_event_at} />
          </span>
        )}
      </div>
      {followed ? <Tracked app={app} window={window} /> : <Untracked app={app} />}
      {event_steps.length > 0 && (
        <Bars
          values={event_steps}
          marked={scaled(finding_steps, event_steps)}
          label={`Events of ${window || "24h"}, each bar ${durationText(step_ms ?? 0)}: ${compactText(sum(event_steps))} in all, and ${compactText(sum(finding_steps))} findings`}
        />
      )}
    </li>
  );
}

/** No lifecycle follows its messages: nothing of it can be stuck, and it says what to do about that. */
function Untracked({ app: { app_id, messages } }: Pick<AppCardProps, "app">) {
  return (
    <div class="untracked">
      <dl class="figures">
        <Figure name="messages" href={to("/messages", { app_id })} tone="">
          {compactText(messages.untracked)}
        </Figure>
      </dl>
      <p>
        No lifecycle yet: nothing is ever late.{" "}
        <a href={to("/lifecycles", { app_id })}>Say what should happen</a>
      </p>
    </div>
  );
}

function Tracked({ app, window }: AppCardProps) {
  const { app_id, messages, new_overdue, p95_ms, p95_before_ms } = app;
  const slower = p95_ms !== null && p95_before_ms !== null && p95_ms > p95_before_ms * 1.5;
  return (
    <dl class="figures">
      <Figure name="new stuck" href={to("/stuck", { app_id })} tone={new_overdue > 0 ? "bad" : ""}>
        {compactText(new_overdue)}
      </Figure>
      <Figure name="all stuck" href={to("/stuck", { app_id })} tone={messages.overdue > 0 ? "warn" : ""}>
        {compactText(messages.overdue)}
      </Figure>
      <Figure name="under way" href={to("/messages", { app_id, state: "open" })} tone="">
        {compactText(messages.open)}
      </Figure>
      <Figure
        name={`p95, ${window || "1h"}`}
        href={to("/latency", { app_id, range: window })}
        tone={slower ? "warn" : ""}
      >
        {p95_ms === null ? "–" : shortDuration(p95_ms)}
        {p95_ms !== null && p95_before_ms !== null && <Change now={p95_ms} before={p95_before_ms} />}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly href: string;
  readonly tone: string;
  readonly children: preact.ComponentChildren;
}

function Figure({ name, href, tone, children }: FigureProps) {
  return (
    <div>
      <dd class={tone}>
        <a href={href}>{children}</a>
      </dd>
      <dt>{name}</dt>
    </div>
  );
}

/** Against the time before; only what is worth a look. */
function Change({ now, before }: { now: number; before: number }) {
  if (before <= 0) return null;
  const share = now / before;
  if (share < 1.2 && share > 0.8) return null;
  const text = share >= 1 ? `↑ ${share.toFixed(1)}×` : `↓ ${(1 / share).toFixed(1)}×`;
  return (
    <span class="change" title={`${shortDuration(before)} in the time before`}>
      {" "}
      {text}
    </span>
  );
}

/** Findings are few beside events: half of the height is for the most of them. */
function scaled(findings: readonly number[], events: readonly number[]): number[] {
  const most = Math.max(...findings);
  if (most <= 0) return [];
  const height = Math.max(1, ...events) / 2;
  return findings.map((count) => (count / most) * height);
}
