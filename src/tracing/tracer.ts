/** Begins and ends spans, and passes those that have ended to where they are sent. */
import { randomBytes } from "node:crypto";
import type { OpenSpan, SpanEnd, SpanStart, Spans } from "../core/spans.ts";
import { nowMicros } from "../core/time.ts";
import { parseTraceparent, traceFields } from "../core/traceparent.ts";
import { isSampled, type Sampling } from "./sampler.ts";
import type { Span } from "./span.ts";

const [traceIdBytes, spanIdBytes] = [16, 8];
const sampledFlag = 1;

export interface TracerOptions extends Sampling {
  readonly ended: (span: Span) => void;
}

export function createTracer({ ended, ...sampling }: TracerOptions): Spans {
  return {
    begin({ parent, ...start }) {
      const traceparent = parseTraceparent(parent);
      const {
        trace_id: traceId,
        span_id: parentId,
        trace_flags,
      } = traceparent === undefined
        ? { trace_id: randomBytes(traceIdBytes).toString("hex"), span_id: "", trace_flags: "" }
        : traceFields(traceparent);
      const sampled = parentId === "" ? undefined : (Number.parseInt(trace_flags, 16) & sampledFlag) !== 0;
      return isSampled(sampling, traceId, sampled) ? open({ ...start, traceId, parentId }, ended) : undefined;
    },
  };
}

type Start = Omit<SpanStart, "parent"> & Pick<Span, "traceId" | "parentId">;

function open(start: Start, ended: (span: Span) => void): OpenSpan {
  const { traceId, parentId, kind, beganAt = performance.now() } = start;
  const spanId = randomBytes(spanIdBytes).toString("hex");
  return {
    traceparent: `00-${traceId}-${spanId}-01`,
    begin: (name) => open({ traceId, parentId: spanId, name, kind: "internal" }, ended),
    end({ name = start.name, failed = false, fields = {} }: SpanEnd = {}) {
      // The wall clock may have been put back meanwhile, and no span ends before it begins.
      const took = Math.max(0, Math.round((performance.now() - beganAt) * 1_000));
      const endedAt = nowMicros();
      ended({ traceId, spanId, parentId, name, kind, beganAt: endedAt - took, endedAt, failed, fields });
    },
  };
}
