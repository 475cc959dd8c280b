/** The headers of a message that are kept with it: bounded, and without secrets. Pure. */
import { hiddenSecret } from "./broker-collector.ts";

/** Bytes of all names and values together. One beyond that is not kept, the ones behind it are where they fit. */
export const keptHeadersBytesMax = 8 * 1024;

/** Names that look like those of secrets. Signatures are none: who has one has the message. */
const secretName =
  /authorization|cookie|password|passwd|secret|token|credential|api[-_.]?key|private[-_.]?key/i;

export function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  let left = keptHeadersBytesMax;
  for (const [name, given] of Object.entries(headers)) {
    const value = secretName.test(name) ? hiddenSecret : given.toWellFormed();
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > left) continue;
    left -= bytes;
    kept[name] = value;
  }
  return kept;
}
