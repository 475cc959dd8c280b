/**
 * Gives the memory of large byte arrays back at once. The garbage collector counts what lies outside of its heap only in passing:
 * a hundred bodies of eight megabytes, each long done with, would still be there together.
 */

/** Smaller ones may share their memory with others, and are not worth it. */
const bytesMin = 16 * 1024;

/** Frees bytes that nobody looks at any more, if their memory is theirs alone. They are empty from now on. */
export function free(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength < bytesMin || buffer.byteLength !== byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}

/** One array of several, which are freed. Of one it is that one. */
export function join(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
    free(part);
  }
  return whole;
}
