/** The active incidents: the first in full, with what can be done at once. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { ApiError, call } from "../../data/call.ts";
import { to } from "../../data/route.ts";
import { countText, durationText } from "../../data/text.ts";
import { say } from "../../frame/toasts.tsx";
import { Ago } from "../../parts/time.tsx";

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
                {incident.text ?? sentence(incident)}
              </a>{" "}
              <span class="muted">
                rule {incident.rule}, opened <Ago at={incident.opened_at} />
                {incident.silenced && ", silenced"}
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
  const working = useSignal(false);
  const silence = async () => {
    working.value = true;
    try {
      await call("createAlertSilence", {
        app_id: incident.app_id,
        stage: incident.stage,
        rule: incident.rule,
        for: "1h",
        comment: "From the overview",
      });
      say(`${incident.app_id}: ${incident.stage} is silent for ${durationText(3_600_000)}.`);
      changed();
    } catch (error) {
      say(error instanceof ApiError ? `Not silenced: ${error.message}` : String(error));
    } finally {
      working.value = false;
    }
  };
  return (
    <div class="actions">
      <a class="button" href={to("/stuck", { app_id: incident.app_id, stage: incident.stage })}>
        Messages
      </a>
      <button type="button" class="button" disabled={working.value} onClick={silence}>
        Silence 1 h
      </button>
    </div>
  );
}

function sentence({ app_id, after, stage, kind }: Incident): string {
  return `${app_id}: ${kind} at ${after === null ? "" : `${after} → `}${stage}`;
}
