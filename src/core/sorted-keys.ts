/**
 * The one spelling of a JSON value: keys in order at every level. Clients write maps in any order (a Go client in another
 * one at every call), and a retry has to say the same as what it repeats.
 *
 * @param value of JSON, nested no deeper than `attributesDepthMax`
 * @returns the value itself where its keys are in order
 */
export function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map(withSortedKeys);
    return members.every((member, index) => member === value[index]) ? value : members;
  }
  const entries = Object.entries(value);
  let same = true;
  let before = "";
  for (const entry of entries) {
    const [key, member] = entry;
    if (key < before) same = false;
    before = key;
    entry[1] = withSortedKeys(member);
    if (entry[1] !== member) same = false;
  }
  if (same) return value;
  // No two keys are equal. `fromEntries` defines them, so that "__proto__" is a key like any other.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
