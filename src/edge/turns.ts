/**
 * Turns of the event loop for large pieces of work: one turn parses at most so many bytes, and other pieces wait for a later
 * one. So a hundred large bodies that come at once delay other requests by one chunk of them.
 */

/**
 * The bytes of one turn. Parsed, checked and accepted they take one or two milliseconds, and some ten where they are made
 * as costly as possible.
 */
const turnBytesMax = 128 * 1024;

/** Smaller pieces are done at once and not counted. */
const smallBytesMax = 4 * 1024;

export class Turns {
  readonly #waiting: { readonly bytes: number; go(): void }[] = [];
  #spent = 0;
  #scheduled = false;

  /** Pieces of work that wait. Each belongs to a body in work, of which there is a bound. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** `undefined`: the work on so many bytes may be done now. A promise: when it resolves. At least one piece a turn. */
  spend(bytes: number): Promise<void> | undefined {
    if (bytes <= smallBytesMax) return undefined;
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#spent += bytes;
      this.#schedule();
      return undefined;
    }
    this.#schedule();
    return new Promise((go) => {
      this.#waiting.push({ bytes, go });
    });
  }

  #fits(bytes: number): boolean {
    return this.#spent === 0 || this.#spent + bytes <= turnBytesMax;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#scheduled = false;
    this.#spent = 0;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#spent += next.bytes;
      next.go();
    }
    if (this.#spent > 0) this.#schedule();
  }
}
