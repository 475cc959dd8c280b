/**
 * Masks attributes in front of the journal. Every protocol and every replay accepts events through it, so none of them writes a
 * value that is to be masked.
 */
import type { MarsEvent } from "../core/event.ts";
import type { Mask } from "../core/mask.ts";
import type { Ingest } from "../core/ports.ts";

/** The ingest itself where nothing is masked. */
export function maskedIngest(ingest: Ingest, mask: Mask | undefined): Ingest {
  if (mask === undefined) return ingest;
  return {
    accept: (events: readonly MarsEvent[]) => ingest.accept(events.map((event) => mask.apply(event))),
    admit: (bytes) => ingest.admit(bytes),
  };
}
