/** Where the events of `send` and `import` come from: an argument, a file, stdin. */
import { createReadStream, statSync } from "node:fs";
import type { Host } from "../host.ts";

export interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How much of it has been read, from 0 to 1; absent where its size is not known. */
  share?(): number;
}

/** Of a file. A call has the lines of one chunk. */
const chunkBytes = 256 * 1024;

/** @param path `-` for stdin. Throws where the file cannot be read. */
export function openSource(path: string, host: Host): Source {
  if (path === "-") {
    if (host.stdinIsTerminal) host.complain("reading events as lines of JSON; Ctrl-D ends them");
    return { chunks: host.stdin() };
  }
  const stats = statSync(path);
  if (stats.isDirectory()) throw new Error(`${path} is a directory`);
  const stream = createReadStream(path, { highWaterMark: chunkBytes });
  // A named pipe has no size.
  if (!stats.isFile() || stats.size === 0) return { chunks: stream };
  return { chunks: stream, share: () => stream.bytesRead / stats.size };
}

/** One event. */
export function oneEvent(json: string): Source {
  return {
    chunks: (async function* () {
      yield new TextEncoder().encode(json);
    })(),
  };
}
