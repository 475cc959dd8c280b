/** The trace in which an event was reported: a link to it where one is known, else its id to be looked up. */
import type { TimelineEvent } from "../../../data/message-events.ts";
import { traceAddress } from "../../../data/trace.ts";

/** Of the id, where the rest is in the link. */
const shownChars = 8;

export function TraceNote({ event: { trace_id, span_id = "", trace_flags } }: { event: TimelineEvent }) {
  if (trace_id === undefined) return null;
  const address = traceAddress({ trace_id, span_id });
  return (
    <>
      {address === undefined ? (
        `trace ${trace_id}`
      ) : (
        <a href={address} target="_blank" rel="noopener noreferrer" title={trace_id}>
          trace {trace_id.slice(0, shownChars)}…
        </a>
      )}
      {trace_flags === "00" && ", not sampled"}
    </>
  );
}
