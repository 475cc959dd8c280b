/** Several frames in one WebSocket message, for clients that asked for it: each message costs a browser more than its contents. */

/** Characters of a message's frames together; one frame that is longer is a message by itself. */
const batchCharsMax = 64 * 1024;

/** By the frames, which all subscribers of a topic share. */
const known = new WeakMap<readonly string[], readonly string[]>();

/** Messages that are JSON arrays of the frames, in their order. */
export function inBatches(frames: readonly string[]): readonly string[] {
  let batches = known.get(frames);
  if (batches === undefined) {
    batches = batchesOf(frames);
    known.set(frames, batches);
  }
  return batches;
}

function batchesOf(frames: readonly string[]): string[] {
  const batches: string[] = [];
  let batch: string[] = [];
  let chars = 0;
  for (const frame of frames) {
    if (batch.length > 0 && chars + frame.length > batchCharsMax) {
      batches.push(`[${batch.join()}]`);
      [batch, chars] = [[], 0];
    }
    batch.push(frame);
    chars += frame.length;
  }
  if (batch.length > 0) batches.push(`[${batch.join()}]`);
  return batches;
}
