/**
 * Whether a body without an announced length came whole. Bun's parser takes a chunked body for complete at its last chunk and only
 * then looks at what follows: at a trailer section, which it does not know, it answers 400 by itself and hangs up, and at the
 * end of a connection that was cut there it hangs up as well. By then the body has been read. What is refused must
 * not be stored, so whoever acts upon such a body waits for the parser first.
 */
export async function isBrokenOff(request: Request): Promise<boolean> {
  // The parser goes on in the turn in which it gave out the last chunk.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return request.signal.aborted;
}
