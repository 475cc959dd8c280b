/** Bounds the size of answers: a model reads all of one, and has room for so much. */

/**
 * Bytes of an answer's data as JSON, some 10,000 tokens. Clients cut off, or refuse, what is far longer: Claude Code at 25,000 tokens.
 */
export const answerBytesMax = 32 * 1024;

export interface Bounded {
  readonly data: Record<string, unknown>;
  /** Rows that did not fit, of all lists. */
  readonly leftOut: number;
}

/**
 * Shortens the longest of the lists, from its end, until the data fits. What is beside the lists is bounded where it is made.
 *
 * @param lists paths of names with dots
 */
export function boundAnswer(
  data: Readonly<Record<string, unknown>>,
  lists: readonly string[],
  bytesMax = answerBytesMax,
): Bounded {
  const bounded = structuredClone(data) as Record<string, unknown>;
  const rows = lists.map((path) => listAt(bounded, path)).filter((list) => list !== undefined);
  const sizes = rows.map((list) => list.map(sizeOf));
  const totals = sizes.map((list) => list.reduce((sum, size) => sum + size, 0));
  let excess = sizeOf(bounded) - bytesMax;
  let leftOut = 0;
  while (excess > 0) {
    const longest = totals.indexOf(Math.max(...totals));
    const size = sizes[longest]?.pop();
    if (size === undefined) break;
    rows[longest]?.pop();
    totals[longest] = (totals[longest] ?? 0) - size;
    excess -= size;
    leftOut += 1;
  }
  return { data: bounded, leftOut };
}

function listAt(data: Record<string, unknown>, path: string): unknown[] | undefined {
  let at: unknown = data;
  for (const step of path.split(".")) at = (at as Record<string, unknown> | null | undefined)?.[step];
  return Array.isArray(at) ? at : undefined;
}

/** With the comma behind it. */
function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "") + 1;
}
