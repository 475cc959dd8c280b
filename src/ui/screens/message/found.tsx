/** What Mars has found of the message, what came of it, and what people have decided. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { findingsTopic, useFollow } from "../../data/follow.ts";
import type { Message } from "../../data/message-events.ts";
import { useRead } from "../../data/resource.ts";
import { shortDuration } from "../../data/text.ts";
import { WordBadge } from "../../parts/badge.tsx";
import { Failure } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";
import { Marked } from "./marked.tsx";

type Finding = AnswerOf<"listFindings">["findings"][number];

const findingsMax = 100;

interface FoundProps {
  readonly message: Message;
  /** Something was found, or is so no more. */
  changed(): void;
}

export function Found({ message: { app_id, message_id, lifecycle }, changed }: FoundProps) {
  const { data, error, reload } = useRead(
    "listFindings",
    { app_id, message_id, state: "any", triage: "any", order: "newest", limit: findingsMax },
    { when: lifecycle !== null },
  );
  useFollow({
    topic: findingsTopic(app_id, message_id),
    asOfSeq: data?.as_of_seq,
    reload() {
      reload();
      changed();
    },
  });
  if (error !== undefined && data === undefined) return <Failure error={error} what="What was found" />;
  if (data === undefined || data.findings.length === 0) return null;
  const several = (lifecycle?.runs.length ?? 0) > 1;
  return (
    <section class="found" aria-labelledby="found-title">
      <h2 id="found-title">What was found</h2>
      <ol>
        {data.findings.map((finding) => (
          <li key={finding.id} data-row>
            <Moment at={finding.raised_at} />
            <div>
              <WordBadge word={finding.kind} /> <code>{finding.stage}</code>
              {several && <span class="muted"> in run {finding.run}</span>} <Since finding={finding} />
              {finding.triage !== null && (
                <p class="muted">
                  <Marked mark={finding.triage} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
      {data.next_cursor !== null && <p class="muted">The latest {findingsMax} are shown.</p>}
    </section>
  );
}

/** How it went on. */
function Since({ finding }: { finding: Finding }) {
  const { state, retracted_at, ended_by, late_by_ms, kind, due_at } = finding;
  return (
    <span class="muted">
      {kind === "missing" && (
        <>
          due <Moment at={due_at} />
        </>
      )}
      {late_by_ms !== null && <>by {shortDuration(late_by_ms)}</>}
      {state === "retracted" && retracted_at !== null && (
        <>
          {kind === "missing" || late_by_ms !== null ? "; " : ""}
          {ended_by === null ? "no longer so" : `over: ${ended_by.replaceAll("_", " ")}`},{" "}
          <Moment at={retracted_at} />
        </>
      )}
    </span>
  );
}
