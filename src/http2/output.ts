/**
 * The frames that wait to be written to a connection. All that is sent in one turn of the event loop goes out in one system call.
 *
 * Bound: DATA waits while there are `dataBytesMax` (`hasRoom`); new calls are refused while the client does not read and there are
 * `callsBytesMax` (`isBackedUp`). What the calls under way may still add is the heads and trailers of a thousand, which all may come in
 * one turn; beyond `bytesMax` the connection is ended.
 */
import type { Transport } from "./transport.ts";

const dataBytesMax = 64 * 1024;
const callsBytesMax = 256 * 1024;
const bytesMax = 16 * 1024 * 1024;

/** Pieces are written together through this; a longer one by itself. */
const scratch = Buffer.allocUnsafe(64 * 1024);

/** Those with something to write in this turn. */
let due: Output[] = [];

function writeDue(): void {
  const outputs = due;
  due = [];
  for (const output of outputs) output.writeDue();
}

export interface OutputOwner {
  /** There is room for DATA again. */
  room(): void;
  /** More waits than may. */
  overflowed(): void;
  /** Writing has thrown. */
  failed(error: unknown): void;
}

export class Output {
  readonly #transport: Transport;
  readonly #owner: OutputOwner;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isDue = false;
  #isBlocked = false;
  #isEnding = false;
  #written = 0;

  constructor(transport: Transport, owner: OutputOwner) {
    this.#transport = transport;
    this.#owner = owner;
  }

  /** Whether more DATA may be added. */
  get hasRoom(): boolean {
    return this.#bytes < dataBytesMax;
  }

  /** Whether so much waits for the client to read that it may begin no more calls. */
  get isBackedUp(): boolean {
    return this.#isBlocked && this.#bytes > callsBytesMax;
  }

  /** Whether the client has to read before more can be written. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** How much has been written in all. */
  get written(): number {
    return this.#written;
  }

  /** @param piece not to be changed after the call */
  add(piece: Uint8Array): void {
    if (this.#isEnding) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > bytesMax) this.#owner.overflowed();
    else if (!this.#isBlocked) this.#schedule();
  }

  /** Closes the connection behind what waits. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isBlocked) this.#schedule();
  }

  /** The transport takes more. */
  drained(): void {
    this.#isBlocked = false;
    this.writeDue();
  }

  /** Drops what waits. */
  close(): void {
    this.#isEnding = true;
    this.#isBlocked = true;
    this.#pieces = [];
    this.#bytes = 0;
  }

  /** Its failure must not keep others from being written. */
  writeDue(): void {
    this.#isDue = false;
    try {
      this.#write();
    } catch (error) {
      this.#owner.failed(error);
    }
  }

  #write(): void {
    if (this.#isBlocked) return;
    const pieces = this.#pieces;
    let next = 0;
    while (next < pieces.length) {
      const first = pieces[next] as Uint8Array;
      let whole = first;
      next += 1;
      if (next < pieces.length && first.length < scratch.length) {
        let length = first.length;
        scratch.set(first);
        for (; next < pieces.length; next++) {
          const piece = pieces[next] as Uint8Array;
          if (length + piece.length > scratch.length) break;
          scratch.set(piece, length);
          length += piece.length;
        }
        whole = scratch.subarray(0, length);
      }
      const taken = Math.max(0, this.#transport.write(whole));
      this.#bytes -= taken;
      this.#written += taken;
      if (taken < whole.length) {
        const rest = whole.subarray(taken);
        this.#pieces = [whole === first ? rest : Buffer.from(rest), ...pieces.slice(next)];
        this.#isBlocked = true;
        return;
      }
    }
    pieces.length = 0;
    if (this.#isEnding) this.#transport.end();
    else this.#owner.room();
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (due.length === 0) setImmediate(writeDue);
    due.push(this);
  }
}
