/** The time between two times of answers. */

/** From one RFC 3339 time with six digits to another, in milliseconds with fractions. */
export function betweenMs(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from) + (microsOf(to) - microsOf(from)) / 1000;
}

/** The digits that `Date` has no room for. */
function microsOf(time: string): number {
  return Number(time.slice(23, 26));
}
