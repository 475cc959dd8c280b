/** The active incidents: the first in full, with what can be done at once. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { now } from "../../data/clock.ts";
import { to } from "../../data/route.ts";
import { countText, durationText } from "../../data/text.ts";
import { Ago, Moment } from "../../parts/time.tsx";

type Incident = AnswerOf<"getOverview">["incidents"][number];

interface BannerProps {
  readonly incidents: readonly Incident[];
  readonly active: number;
  changed(): void;
}

export function IncidentBanner({ incidents, active, changed }: BannerProps) {
  const first = incidents[0];
  if (first === undefined) return null;
  return (
    <section class="verdict bad incidents" aria-label="Active incidents">
      <div class="words">
        <h2>
          <a href="/incidents?state=active">
            {countText(active)} active {active === 1 ? "incident" : "incidents"}
          </a>
        </h2>
        <ul>
          {incidents.slice(0, 3).map((incident) => (
            <li key={incident.id}>
              <a href={to("/incidents", { id: String(incident.id) })}>
                <Sentence incident={incident} />
              </a>{" "}
              <span class="muted">
                rule {incident.rule}, opened <Ago at={incident.opened_at} />
                {silentUntil(incident) !== undefined && (
                  <>
                    , silent until <Moment at={silentUntil(incident)!} />
                  </>
                )}
                {incident.acknowledged_by !== null && `, acknowledged by ${incident.acknowledged_by}`}
              </span>
            </li>
          ))}
        </ul>
      </div>
      <Actions incident={first} changed={changed} />
    </section>
  );
}

function Actions({ incident, changed }: { incident: Incident; changed(): void }) {
  const { working, run } = useAct();
  const { app_id, stage, rule } = incident;
  const silence = () =>
    void run(
      () => call("createAlertSilence", { app_id, stage, rule, for: "1h", comment: "From the overview" }),
      `${app_id}: ${stage} is silent for an hour.`,
    ).then(changed);
  return (
    <div class="actions">
      {incident.acknowledged_at === null && (
        <button
          type="button"
          class="button primary"
          disabled={working}
          onClick={() =>
            void run(() => call("acknowledgeAlertIncident", { id: incident.id }), "Acknowledged.").then(
              changed,
            )
          }
        >
          Acknowledge
        </button>
      )}
      <a class="button" href={to("/stuck", { app_id: incident.app_id, stage: incident.stage })}>
        Messages
      </a>
      {silentUntil(incident) === undefined && (
        <button type="button" class="button" disabled={working} onClick={silence}>
          Silence 1 h
        </button>
      )}
    </div>
  );
}

/** How many messages, and since when, as they are now: the text of the last notification is from when it was sent. */
function Sentence({ incident }: { incident: Incident }) {
  const { app_id, after, stage, kind, figures, text } = incident;
  const hop = `${after === null ? "" : `${after} → `}${stage}`;
  // What a condition measures is in words, not in messages.
  if (figures === null || figures.measured !== null)
    return <>{text === null ? `${app_id}: ${kind}` : shortText(text)}</>;
  const { count, count_exceeded, since } = figures;
  const longest =
    kind === "missing" && since !== null ? Math.max(0, now.value - Date.parse(since)) : undefined;
  return (
    <>
      {app_id}: {countText(count)}
      {count_exceeded && "+"} {count === 1 ? "message" : "messages"} {whatOf[kind] ?? kind} {hop}
      {longest !== undefined && <>, longest {durationText(Math.floor(longest / 1_000) * 1_000)}</>}
    </>
  );
}

/** Until when it has no notifications; absent where it has. */
function silentUntil({ silenced_until }: Incident): string | undefined {
  return silenced_until !== null && Date.parse(silenced_until) > now.value ? silenced_until : undefined;
}

/** As notifications say it. */
const whatOf: Readonly<Record<string, string>> = {
  missing: "stuck at",
  late: "late at",
  skipped: "complete without",
  failed: "failed with",
  abandoned: "abandoned at",
};

/** Without the ids at the end: the messages are a click away. */
function shortText(text: string): string {
  return text.replace(/, sample ids? .*$/s, "");
}
