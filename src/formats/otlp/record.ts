/** Records of OpenTelemetry, whichever way they were encoded. https://opentelemetry.io/docs/specs/otel/logs/data-model/ */

/** Names and values, in the order sent. Values are JSON's, and integers that a number cannot hold are `bigint`. */
export type OtlpAttributes = ReadonlyMap<string, unknown>;

/** What all records have. */
interface InTrace {
  /** 32 digits in lower case; empty for none. */
  readonly traceId: string;
  /** 16 digits; empty for none. */
  readonly spanId: string;
  /** The trace flags, of which the lowest bit says sampled. */
  readonly flags: number;
}

export interface OtlpLog extends InTrace {
  /** Nanoseconds since 1970; 0 for not known. */
  readonly time: bigint;
  /** When it was collected, likewise. */
  readonly observedTime: bigint;
  /** Empty for none. */
  readonly eventName: string;
  readonly severityText: string;
  /** From 1 to 24; 0 for none. */
  readonly severityNumber: number;
  /** `undefined` for none. */
  readonly body: unknown;
  readonly attributes: OtlpAttributes;
}

export interface OtlpSpanEvent {
  readonly time: bigint;
  readonly name: string;
  readonly attributes: OtlpAttributes;
}

export interface OtlpSpan extends InTrace {
  readonly parentSpanId: string;
  readonly name: string;
  /** From 1 to 5; 0 for none. */
  readonly kind: number;
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly attributes: OtlpAttributes;
  readonly events: readonly OtlpSpanEvent[];
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
}

export const noAttributes: OtlpAttributes = new Map();

/** A 64-bit integer, as a number where that is exact. */
export function integerOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
