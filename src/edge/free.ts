/**
 * Frees the memory of large byte arrays at once. The garbage collector hardly counts memory outside of its heap: a hundred
 * bodies of eight megabytes, all of them parsed, would stay in memory together.
 */

/** Smaller ones may share their memory with others, and are not worth it. */
const bytesMin = 16 * 1024;

/** Frees bytes that are no longer needed, if no other array uses their memory. They are empty from now on. */
export function free(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength < bytesMin || buffer.byteLength !== byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}

/** Joins several arrays and frees them. A single one is returned as it is. */
export function join(chunks: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
    free(chunk);
  }
  return whole;
}
