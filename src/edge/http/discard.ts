/**
 * Reads the rest of a refused body and drops it, within a bound. Many clients read an answer only after they have sent
 * all, and over HTTP/2 an answer before the end of a body resets the whole stream.
 */
import type { Peer } from "../../core/caller.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import { free } from "../free.ts";
import type { Intake } from "../intake.ts";

/** The bound on bytes and time before the client gets its answer. */
const bytesMax = bodyBytesMax;
const msMax = 5_000;

/** Node's and Bun's types of a reader differ. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Resolves at the end of the body or at the bound; never rejects. Bodies wait for their turn, the peers one after another. */
export async function discard(reader: Reader, intake: Intake, peer: Peer): Promise<void> {
  let over = false;
  const stop = () => {
    over = true;
    // Not awaited: it ends when the client ends, or has failed already.
    reader.cancel().catch(() => {});
  };
  try {
    const place = await intake.discarded.take(peer, 1);
    const timer = setTimeout(stop, msMax);
    try {
      for (let length = 0; length <= bytesMax && !over; ) {
        const { done, value } = await reader.read();
        if (done || value === undefined) return;
        length += value.byteLength;
        free(value);
      }
    } finally {
      clearTimeout(timer);
      place.release();
    }
  } catch {
    // Too many wait, or the client has gone.
  }
  stop();
}
