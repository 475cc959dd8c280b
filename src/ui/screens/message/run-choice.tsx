/** Which run of a message is shown. */
import type { Message } from "../../data/message-events.ts";
import { here } from "../../data/route.ts";
import { WordBadge } from "../../parts/badge.tsx";
import { Moment } from "../../parts/time.tsx";
import type { Run } from "./runs.ts";

interface RunChoiceProps {
  readonly message: Message;
  /** The run that is shown; absent for the last. */
  readonly shown: Run | undefined;
}

export function RunChoice({ message: { lifecycle }, shown }: RunChoiceProps) {
  if (lifecycle === null || lifecycle.runs.length < 2) return null;
  const chosen = shown?.run ?? lifecycle.run;
  return (
    <nav class="runs" aria-label="Runs">
      {lifecycle.runs_partial && <span class="muted">Earlier runs are not listed.</span>}
      {lifecycle.runs.map(({ run, state, began_at }) => (
        <a
          key={run}
          href={here({ run: run === lifecycle.run ? undefined : String(run) })}
          {...(run === chosen && { "aria-current": "true" as const })}
        >
          Run {run} <WordBadge word={state} />{" "}
          <span class="muted">
            <Moment at={began_at} />
          </span>
        </a>
      ))}
    </nav>
  );
}
