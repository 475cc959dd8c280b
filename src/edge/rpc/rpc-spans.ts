/** The spans of calls on the gRPC port. */
import { Code } from "@connectrpc/connect";
import type { OpenSpan, Spans } from "../../core/spans.ts";
import { traceparentHeader } from "../../core/traceparent.ts";
import type { RequestHeaders } from "../../http2/request-head.ts";

/** The codes that are a server's fault: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const faults: ReadonlySet<number> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/**
 * @param spans absent where none are sent, which costs nothing then
 * @param name such as `mars.v1.IngestService/CollectEvent`
 */
export function beginRpcSpan(
  spans: Spans | undefined,
  name: string,
  headers: RequestHeaders,
): OpenSpan | undefined {
  return spans?.begin({ kind: "server", name, parent: headers[traceparentHeader] });
}

/** @param code of gRPC; 0 for success */
export function endRpcSpan(span: OpenSpan | undefined, name: string, code: number): void {
  if (span === undefined) return;
  const [service = "", method = ""] = name.split("/");
  const call = { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method };
  span.end({ failed: faults.has(code), fields: { ...call, "rpc.grpc.status_code": code } });
}
