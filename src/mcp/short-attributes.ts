/** Attributes in short: those of one event may have 8 KiB, and an answer has many events. */

const bytesMax = 512;

/** The first members that fit; `…` says how many are left out. */
export function shortAttributes(
  attributes: Readonly<Record<string, unknown>> | null,
): Record<string, unknown> | null {
  if (attributes === null) return null;
  const entries = Object.entries(attributes);
  let room = bytesMax;
  const kept = entries.filter(([name, value]) => {
    const size = Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(value) ?? "");
    if (size > room) return false;
    room -= size;
    return true;
  });
  const left = entries.length - kept.length;
  return Object.fromEntries(left === 0 ? kept : [...kept, ["…", `${left} more: see the message's page`]]);
}
