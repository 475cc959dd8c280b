/** Puts together what was divided: lists that are each in the order of the sequence become one that is, too. */

/** @param lists each in rising order of `seqOf`; no two items have the same */
export function mergeBySeq<T>(lists: readonly (readonly T[])[], seqOf: (item: T) => number): readonly T[] {
  const rest = lists.filter(({ length }) => length > 0);
  if (rest.length <= 1) return rest[0] ?? [];
  const next = rest.map(() => 0);
  const seqs = rest.map((list) => seqOf(list[0]!));
  const merged: T[] = [];
  for (let left = rest.reduce((sum, { length }) => sum + length, 0); left > 0; left--) {
    let least = 0;
    for (let n = 1; n < seqs.length; n++) if (seqs[n]! < seqs[least]!) least = n;
    const list = rest[least]!;
    merged.push(list[next[least]!]!);
    const following = list[++next[least]!];
    seqs[least] = following === undefined ? Number.POSITIVE_INFINITY : seqOf(following);
  }
  return merged;
}
