/** Reads server-sent events, as far as Mars sends them: see `edge/sse/sse.ts`. */

export interface Frame {
  readonly event: string;
  /** The text after which the stream can be resumed; absent where it cannot. */
  readonly id?: string;
  readonly data: string;
}

/** @param alive called whenever something has come, comments included */
export async function* framesOf(body: AsyncIterable<Uint8Array>, alive: () => void): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    alive();
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const frame = frameOf(block);
      if (frame !== undefined) yield frame;
    }
  }
}

/** Nothing of comments and of the time to wait before connecting again. */
function frameOf(block: string): Frame | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const [event, id, data] = [fields.get("event"), fields.get("id"), fields.get("data")];
  if (event === undefined || data === undefined) return undefined;
  return { event, data, ...(id !== undefined && { id }) };
}
