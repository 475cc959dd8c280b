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

/** A shorter chunk is joined with the one before, as long as both are shorter together. */
const gatherBytes = 1024;

/** Adds a chunk to those of a body. A body may come byte by byte, and each array costs more than a hundred. */
export function gather(chunks: Uint8Array<ArrayBuffer>[], chunk: Uint8Array<ArrayBuffer>): void {
  const last = chunks.at(-1);
  const length = (last?.byteLength ?? gatherBytes) + chunk.byteLength;
  if (last === undefined || length > gatherBytes) chunks.push(chunk);
  else chunks[chunks.length - 1] = join([last, chunk], length);
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
