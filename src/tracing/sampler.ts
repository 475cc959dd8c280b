/** Which spans are sent: https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers */
import type { SamplerName } from "../core/spans.ts";

export interface Sampling {
  readonly sampler: SamplerName;
  /** From 0 to 1: the share of traces, by the samplers of that name. */
  readonly ratio: number;
}

/**
 * @param traceId of the span
 * @param parent whether its parent is sampled; `undefined` for a root
 */
export function isSampled(
  { sampler, ratio }: Sampling,
  traceId: string,
  parent: boolean | undefined,
): boolean {
  if (sampler.startsWith("parentbased_") && parent !== undefined) return parent;
  if (sampler.endsWith("always_on")) return true;
  if (sampler.endsWith("always_off")) return false;
  // By the random part of the id, so that every service leaves out the same traces.
  return Number.parseInt(traceId.slice(-14), 16) < ratio * 2 ** 56;
}
