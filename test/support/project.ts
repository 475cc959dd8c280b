/** Follows messages to the end of what is stored, and raises what holds by the watermark. */
import type { Micros } from "../../src/core/event.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";
import type { Projection } from "../../src/projection/projection-step.ts";

/** @returns the findings that changed */
export async function projectAll(store: Projection, upTo: number, watermark: Micros): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (;;) {
    const step = await store.project({ upTo, watermark, raise: true });
    findings.push(...step.findings);
    if (step.done) return findings;
  }
}
