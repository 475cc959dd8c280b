/** What health warns of, from all parts that may have something to say. */
import { quarantineWarnings } from "../db/database-address.ts";

interface Part {
  warnings(): readonly string[];
}

interface Named {
  readonly warnings: readonly string[];
}

export interface WarningParts {
  readonly quarantine: Parameters<typeof quarantineWarnings>[0];
  readonly pipeline: Named;
  readonly clock: Named;
  readonly unreadable: Part;
  readonly certificates: Part;
  readonly eventLimits: Part;
  readonly incoming: { readonly sources: Part };
  readonly backups: Part;
  readonly collectors: Part;
  readonly collectorFiles: Part;
  /** Made later than the others. */
  readonly declarations: () => Part;
  readonly access: Part;
}

export function warningsOf(parts: WarningParts): () => readonly string[] {
  const { quarantine, pipeline, clock, unreadable, certificates, eventLimits, incoming, declarations } =
    parts;
  const others = [
    unreadable,
    certificates,
    eventLimits,
    incoming.sources,
    parts.backups,
    parts.collectors,
    parts.collectorFiles,
  ];
  return () => [
    ...quarantineWarnings(quarantine),
    ...pipeline.warnings,
    ...clock.warnings,
    ...[...others, declarations(), parts.access].flatMap((part) => part.warnings()),
  ];
}
