/** What a rule would have sent in the last week, before it is saved. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../../api/operation-types.ts";
import { call, type Given, type Problem } from "../../../data/call.ts";
import { countText, dayNameText, momentText } from "../../../data/text.ts";
import { Problems, problemsOfText } from "../../../parts/problems.tsx";
import { Moment } from "../../../parts/time.tsx";
import type { Draft } from "./rule.ts";

type Preview = AnswerOf<"previewAlertRule">;

const days = 7;
const textsMax = 10;

export function RulePreview({ draft }: { draft: Draft }) {
  const key = JSON.stringify(draft);
  const seen = useSignal<{ readonly key: string; readonly preview: Preview } | undefined>(undefined);
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const look = async () => {
    working.value = true;
    problems.value = [];
    try {
      // It is tried without sinks, too.
      const { sinks, ...rest } = draft;
      const rule = sinks === undefined || sinks.length === 0 ? rest : draft;
      const preview = await call("previewAlertRule", {
        rule,
        since: `${days}d`,
      } as Given<"previewAlertRule">);
      seen.value = { key, preview };
    } catch (error) {
      problems.value = problemsOfText(error);
    } finally {
      working.value = false;
    }
  };
  const known = seen.value;
  return (
    <section class="preview" aria-label="Preview">
      <button type="button" class="button" disabled={working.value} onClick={() => void look()}>
        {working.value ? "Looking …" : `What would it have sent in the last ${days} days?`}
      </button>
      <Problems problems={problems.value} />
      {known !== undefined && (
        <div aria-live="polite">
          {known.key !== key && <p class="muted">The rule has changed since: look again.</p>}
          <Found preview={known.preview} />
        </div>
      )}
    </section>
  );
}

function Found({ preview }: { preview: Preview }) {
  const { partial, notifications, notifications_total: total, incidents, noisiest, unknown } = preview;
  return (
    <>
      <p>
        It would have opened <strong>{countText(incidents)}</strong>{" "}
        {incidents === 1 ? "incident" : "incidents"} and sent <strong>{countText(total)}</strong>{" "}
        {total === 1 ? "notification" : "notifications"}
        {partial && " at least: there was too much to look at all of it"}.
        {noisiest !== null && total > noisiest.notifications && (
          <>
            {" "}
            Most of them, {countText(noisiest.notifications)}, about {noisiest.app_id}{" "}
            <code>{noisiest.stage}</code>.
          </>
        )}
      </p>
      <Moments preview={preview} />
      {notifications.length > 0 && (
        <ol class="texts">
          {notifications.slice(0, textsMax).map(({ at, type, text }) => (
            <li key={at + type + text}>
              <Moment at={at} /> <strong>{wordOf(type)}</strong> {text}
            </li>
          ))}
          {total > textsMax && <li class="muted">and {countText(total - textsMax)} more</li>}
        </ol>
      )}
      <details>
        <summary class="muted">What cannot be known of the past</summary>
        <ul>
          {unknown.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** Each notification on an axis of days; those that open an incident stand out. */
function Moments({
  preview: { since, until, notifications, notifications_total: total },
}: {
  preview: Preview;
}) {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const at = (time: number) => `${Math.min(100, (100 * (time - from)) / (to - from))}%`;
  const midnights = Array.from({ length: days }, (_, day) => from + ((day + 0.5) * (to - from)) / days);
  return (
    <svg
      class="moments"
      role="img"
      aria-label={`${total} notifications from ${momentText(since)} to ${momentText(until)}`}
      width="100%"
      height="52"
    >
      <line class="axis" x1="0" x2="100%" y1="32" y2="32" />
      {midnights.map((time) => (
        <text key={time} x={at(time)} y="48" text-anchor="middle">
          {dayNameText(time)}
        </text>
      ))}
      {notifications.map((one) => (
        <line
          key={one.at + one.type + one.text}
          class={one.type.endsWith("opened") ? "opened" : "later"}
          x1={at(Date.parse(one.at))}
          x2={at(Date.parse(one.at))}
          y1={one.type.endsWith("opened") ? 4 : 16}
          y2="32"
        >
          <title>{`${momentText(one.at)}: ${wordOf(one.type)}: ${one.text}`}</title>
        </line>
      ))}
    </svg>
  );
}

function wordOf(type: string): string {
  return type.replace("incident.", "");
}
