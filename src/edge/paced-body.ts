/**
 * A body that is sent at its reader's pace: piece by piece, each when the one before has been read. The bytes that wait
 * count in the budget of bytes to be sent, and a connection whose client reads nothing for too long is closed.
 */
import type { Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { SendBudget } from "../runtime/send-budget.ts";

export interface PacedOptions {
  readonly budget: SendBudget;
  readonly peer: Peer;
  /** Default: `stallMsDefault`. */
  readonly stallMs?: number;
  /** The reader has gone, or was cut off. */
  readonly onGone?: () => void;
}

/** How long a client may read nothing. */
export const stallMsDefault = 30_000;

/** Small enough that even a slow client reads one within the stall time. */
export const pieceBytes = 16 * 1024;

/** @param chunks what is to be sent; ended by its `return` when the client stops reading */
export function pacedBody(
  chunks: AsyncIterator<Uint8Array>,
  { budget, peer, stallMs = stallMsDefault, onGone }: PacedOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let rest: Uint8Array = new Uint8Array(0);
  /** The piece that was handed over last, which counts until the next is asked for. */
  let under = 0;
  let over = false;
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  const holding = budget.open(peer, {
    stallMs: () => stallMs,
    pending: () => rest.byteLength + under,
    stalled() {
      leave();
      controller?.error(new MarsError("subscriber_too_slow", "the client stopped reading"));
    },
  });

  function leave(): void {
    if (over) return;
    over = true;
    holding.end();
    // Not awaited: it may wait for something that never comes.
    chunks.return?.().catch(() => undefined);
    onGone?.();
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(created) {
        controller = created;
      },
      async pull(created) {
        under = 0;
        try {
          if (rest.byteLength === 0) {
            holding.look();
            const { done, value } = await chunks.next();
            if (over) return;
            if (done === true) {
              over = true;
              holding.end();
              created.close();
              return;
            }
            rest = value;
          }
        } catch (error) {
          if (over) return;
          over = true;
          holding.end();
          created.error(error);
          return;
        }
        const piece = rest.subarray(0, pieceBytes);
        rest = rest.subarray(piece.byteLength);
        under = piece.byteLength;
        holding.look();
        created.enqueue(piece as Uint8Array<ArrayBuffer>);
      },
      cancel: leave,
    },
    // Not a piece more than is asked for.
    { highWaterMark: 0 },
  );
}

/** One chunk as a body's source. */
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
