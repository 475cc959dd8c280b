/** Content codings, by `Accept-Encoding`. */

/** Whether a list of codings has one, and does not refuse it by `q=0`. */
export function acceptsCoding(list: string, coding: string): boolean {
  const given = list.split(",").map((one) => one.trim().toLowerCase());
  const found = given.find((one) => one === coding || one.startsWith(`${coding};`));
  return found !== undefined && !/;\s*q=0(\.0*)?$/.test(found);
}
