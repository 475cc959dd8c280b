/** The leap of the sequence of findings at a start. */
import { leapFrom } from "../core/leap.ts";
import { nowMicros } from "../core/time.ts";
import type { Database } from "../db/database.ts";
import { leap } from "../db/messages/position.ts";
import { movePosition, type ProjectionPosition } from "./position.ts";

/** Where the sequence begins. Durable before the first finding, so that no start begins there twice. */
const firstLeap = 1_000_000;

/**
 * A power cut may have taken back changes that were published, or the data are an older copy: no seq is given out twice.
 * It is stored at once, for whoever reads how far changes have come must not see less than what is published.
 */
export async function leapFindings(
  database: Database,
  position: ProjectionPosition,
): Promise<ProjectionPosition> {
  const { step, findingSeq } = position;
  const next = findingSeq === 0 ? firstLeap : leapFrom(findingSeq, nowMicros());
  const leapt = { ...position, step: step + 1, findingSeq: next };
  await database.durably([
    movePosition(leapt),
    ...(findingSeq === 0 ? [] : [leap("findings", findingSeq, next)]),
  ]);
  return leapt;
}
