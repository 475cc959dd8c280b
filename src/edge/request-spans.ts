/** The spans of the requests of port 4000, from their arrival to the head of their answers. */
import type { OpenSpan, Spans } from "../core/spans.ts";
import { traceparentHeader } from "../core/traceparent.ts";

/** The part of a request in which its events wait for the journal, and are written and synced. */
export const commitSpan = "journal commit";

const open = new WeakMap<Request, OpenSpan>();

/** @param spans absent where none are sent, which costs nothing then */
export function beginSpan(spans: Spans | undefined, request: Request): OpenSpan | undefined {
  if (spans === undefined) return undefined;
  const parent = request.headers.get(traceparentHeader);
  const span = spans.begin({ kind: "server", name: request.method, parent });
  if (span !== undefined) open.set(request, span);
  return span;
}

/** The span of a request that is under way. */
export function spanOf(request: Request): OpenSpan | undefined {
  return open.get(request);
}

/** @param call method and route */
export function endSpan(span: OpenSpan | undefined, call: string, status: number): void {
  if (span === undefined) return;
  const [method = "", route = ""] = call.split(" ");
  const fields = {
    "http.request.method": method,
    "http.route": route,
    "http.response.status_code": status,
  };
  span.end({ name: call, failed: status >= 500, fields });
}
