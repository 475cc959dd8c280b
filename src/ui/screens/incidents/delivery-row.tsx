/** One notification to one sink, with every attempt. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { to } from "../../data/route.ts";
import { durationText } from "../../data/text.ts";
import { WordBadge } from "../../parts/badge.tsx";
import { Ago, Moment } from "../../parts/time.tsx";

type Delivery = AnswerOf<"listAlertDeliveries">["deliveries"][number];

export function DeliveryRow({ delivery, changed }: { delivery: Delivery; changed(): void }) {
  const { working, run } = useAct();
  const again = () =>
    void run(() => call("redeliverAlert", { id: delivery.id }), "It is sent again.").then(changed);
  const { incident, sink, type, text, state, created_at, attempts, next_at } = delivery;
  return (
    <li data-row>
      <Moment at={created_at} />
      <div>
        <strong>{type.replace("incident.", "")}</strong> to {sink} <WordBadge word={state} />{" "}
        {state !== "pending" && (
          <button type="button" class="button quiet" disabled={working} onClick={again}>
            Send again
          </button>
        )}
        <p>{incident === null ? text : <a href={to("/incidents", { id: String(incident) })}>{text}</a>}</p>
        {attempts.length > 0 && (
          <details>
            <summary class="muted">
              {attempts.length} {attempts.length === 1 ? "attempt" : "attempts"}
              {next_at !== null && (
                <>
                  , next <Ago at={next_at} />
                </>
              )}
            </summary>
            <ul>
              {attempts.map((attempt) => (
                <li key={attempt.at}>
                  <Moment at={attempt.at} /> {attempt.outcome}
                  {attempt.status !== null && ` ${attempt.status}`} in {durationText(attempt.duration_ms)}
                  {attempt.error !== null && `: ${attempt.error}`}
                  {attempt.response !== null && <pre>{attempt.response}</pre>}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  );
}
