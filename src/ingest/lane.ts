/** A lane: a bounded channel, and the aggregator that reads it. One message's events are always in the same lane. */
import type { SequencedEvent } from "../core/event.ts";
import { Aggregator, type FoldedMessage } from "./aggregator.ts";
import { Channel } from "./channel.ts";

/** Events that wait in a lane; beyond that whoever feeds it waits. */
const laneEventsMax = 4_096;

/** Marks the end of a batch in every lane: what came before it belongs to the batch, nothing after it does. */
interface Barrier {
  /** When the share may be made. */
  readonly turn: Promise<void>;
  readonly reached: (messages: FoldedMessage[]) => void;
  readonly failed: (error: unknown) => void;
}

export class Lane {
  readonly #channel = new Channel<SequencedEvent | Barrier>(laneEventsMax);
  readonly #aggregator = new Aggregator();

  /** Events that wait. */
  get size(): number {
    return this.#channel.size;
  }

  /** @returns a promise when the lane is full: push no more until it resolves. */
  push(event: SequencedEvent): Promise<void> | undefined {
    return this.#channel.push(event);
  }

  /**
   * Closes the lane's part of the batch here and now; resolves to it when everything pushed before has been gathered. Rejects
   * when it cannot be made; the lane goes on with the next one.
   *
   * @param turn when to make it: a large share takes milliseconds of the thread that answers clients
   */
  close(turn: Promise<void>): Promise<FoldedMessage[]> {
    return new Promise((reached, failed) => {
      // A full channel needs no waiting here: a barrier follows at most one batch, and its answer is awaited.
      void this.#channel.push({ turn, reached, failed });
    });
  }

  /** Reads the channel until `end`. */
  async run(): Promise<void> {
    for await (const items of this.#channel) {
      for (const item of items) {
        if ("reached" in item) {
          try {
            await item.turn;
            item.reached(this.#aggregator.take());
          } catch (error) {
            item.failed(error);
          }
        } else {
          this.#aggregator.add(item);
        }
      }
    }
  }

  end(): void {
    this.#channel.close();
  }
}
