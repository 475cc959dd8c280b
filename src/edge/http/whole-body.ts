/**
 * Whether a body without an announced length is whole. Bun's parser ends a chunked body at its last chunk, and parses what
 * follows only then: at a trailer section, which it does not know, it answers 400 by itself and closes the connection; at
 * a connection that ends there it closes as well. By then the body has been read. A refused event must not be stored, so
 * a handler waits for the parser before it uses such a body.
 */
export async function isBrokenOff(request: Request): Promise<boolean> {
  // The parser goes on in the turn in which it gave out the last chunk.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return request.signal.aborted;
}
