/**
 * Ids of rows as one parameter of an address: in rising order, each as its distance from the one before, in base 36. A thousand take some
 * four kilobytes. Pure.
 */

/** A call of triage takes as many. */
export const picksMax = 1_000;

const separator = ".";

export function picksText(ids: readonly number[]): string {
  let before = 0;
  return ids
    .toSorted((a, b) => a - b)
    .map((id) => {
      const distance = id - before;
      before = id;
      return distance.toString(36);
    })
    .join(separator);
}

/** What is no id ends it. */
export function parsePicks(text: string): number[] {
  const ids: number[] = [];
  let id = 0;
  for (const part of text.split(separator, picksMax)) {
    id += Number.parseInt(part, 36);
    if (!/^[0-9a-z]{1,11}$/.test(part) || part === "0" || !Number.isSafeInteger(id)) break;
    ids.push(id);
  }
  return ids;
}
