export function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}
