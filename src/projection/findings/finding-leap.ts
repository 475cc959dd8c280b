/** The leap of the sequence of findings at a start. */
import { leapFrom } from "../../core/leap.ts";
import { nowMicros } from "../../core/time.ts";
import type { Database } from "../../db/database.ts";
import { leap } from "../../db/messages/position.ts";
import { movePosition, type ProjectionPosition } from "../position.ts";

/** Where the sequence begins. Durable before the first finding, so that no start begins there twice. */
const firstLeap = 1_000_000;

/**
 * Leaps ahead of every seq that may have been published: a power cut may have undone changes, or the data are an older copy, and
 * no seq may be used twice. The leap is stored at once, so that no reader sees less than was published.
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
