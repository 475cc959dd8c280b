/** What a lifecycle would have found in stored messages, against the version in force. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { messageAddress } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { WordBadge } from "../../parts/badge.tsx";
import { type Column, Table } from "../../parts/table.tsx";

type Trial = AnswerOf<"dryRunLifecycle">;
type Found = Trial["findings"][number];

export function TrialResult({ app, trial }: { app: string; trial: Trial }) {
  const states = Object.entries(trial.states).filter(([, count]) => count > 0);
  const { against } = trial;
  return (
    <section aria-labelledby="trial-title">
      <h2 id="trial-title">
        Tried on {countText(trial.messages)} messages{trial.cut_short && ", the latest of more"}
      </h2>
      <p>
        {states.map(([state, count]) => (
          <span key={state} class="state-count">
            <WordBadge word={state} /> {countText(count)}{" "}
          </span>
        ))}
      </p>
      {trial.findings.length > 0 && (
        <Table
          file={`trial-${app}`}
          caption="What it would have found"
          columns={columnsOf(app)}
          rows={trial.findings}
          keyOf={({ kind, stage }) => `${kind} ${stage}`}
        />
      )}
      {against !== null && (
        <>
          <h2>Against version {against.version}</h2>
          {against.words.length > 0 ? (
            <ul class="plain-list">
              {against.words.map((word) => (
                <li key={word}>{word}</li>
              ))}
            </ul>
          ) : (
            <p class="muted">It is the same.</p>
          )}
          <p>
            {(["overdue", "failed", "complete"] as const).map((state) => {
              const one = against[state];
              return one === undefined || (one.only_new === 0 && one.only_current === 0) ? null : (
                <span key={state} class="state-count">
                  <WordBadge word={state} /> {countText(one.only_new)} only by this one,{" "}
                  {countText(one.only_current)} only by version {against.version}.{" "}
                </span>
              );
            })}
          </p>
        </>
      )}
    </section>
  );
}

function columnsOf(app: string): readonly Column<Found>[] {
  return [
    { name: "Kind", cell: ({ kind }) => <WordBadge word={kind} />, text: ({ kind }) => kind },
    { name: "Stage", wide: true, cell: ({ stage }) => <code>{stage}</code>, text: ({ stage }) => stage },
    {
      name: "Would hold now",
      align: "end",
      cell: ({ holding }) => countText(holding),
      text: ({ holding }) => holding,
    },
    {
      name: "Came after all",
      align: "end",
      cell: ({ retracted }) => countText(retracted),
      text: ({ retracted }) => retracted,
    },
    {
      name: "For example",
      cell: ({ samples }) =>
        samples.slice(0, 2).map((message_id) => (
          <a key={message_id} class="id also" href={messageAddress({ app_id: app, message_id })}>
            {message_id}
          </a>
        )),
      text: ({ samples }) => samples.join(" "),
    },
  ];
}
