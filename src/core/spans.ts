/**
 * Spans: what Mars itself did for a request, for a tracing system. The port of those that do such work; `tracing/` sends them.
 * Absent where no system is configured, so that nothing is spent on them.
 */

/** Where its work was called from, or is done. */
export type SpanKind = "server" | "client" | "internal";

export type SpanFields = Readonly<Record<string, string | number>>;

export interface SpanStart {
  readonly kind: SpanKind;
  /** From a bounded set. */
  readonly name: string;
  /** The `traceparent` that came with it, of any type; an invalid one is none. */
  readonly parent?: unknown;
  /** Default: now. By `performance.now()`. */
  readonly beganAt?: number;
}

export interface SpanEnd {
  /** Where it was not known at the beginning. */
  readonly name?: string;
  readonly failed?: boolean;
  readonly fields?: SpanFields;
}

/** Work that is under way. It is sent when it ends. */
export interface OpenSpan {
  /** For those that are called by it. */
  readonly traceparent: string;
  /** A part of it. */
  begin(name: string): OpenSpan;
  end(end?: SpanEnd): void;
}

/** Which spans are sent, by the names that `OTEL_TRACES_SAMPLER` has. */
export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

export interface Spans {
  /** @returns `undefined` where the sampler leaves it out */
  begin(start: SpanStart): OpenSpan | undefined;
}

/** Spans that Mars sends to a collector. */
export interface SpanStats {
  /** Since the start. */
  readonly sent: number;
  /** Since the start: too many waited, or the collector refused them. */
  readonly dropped: number;
  readonly waiting: number;
  readonly waiting_max: number;
}

/** Resolves and rejects as the work does, which is a part of the span. */
export function during<T>(span: OpenSpan | undefined, name: string, work: Promise<T>): Promise<T> {
  return span === undefined ? work : observed(span.begin(name), work);
}

async function observed<T>(part: OpenSpan, work: Promise<T>): Promise<T> {
  try {
    const result = await work;
    part.end();
    return result;
  } catch (error) {
    part.end({ failed: true });
    throw error;
  }
}
