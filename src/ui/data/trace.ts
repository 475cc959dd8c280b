/** Where the trace of an event is shown: in the tracing system that `MARS_TRACE_URL` names. */
import { door } from "./account.ts";

export interface Trace {
  readonly trace_id: string;
  readonly span_id: string;
}

/** The address of a trace; `undefined` where none is known. */
export function traceAddress(
  { trace_id, span_id }: Trace,
  template = door.value?.trace_url,
): string | undefined {
  return template?.replaceAll("{trace_id}", trace_id).replaceAll("{span_id}", span_id);
}
