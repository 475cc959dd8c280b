/** The bounds on an event that an operator may change. */
import { attributesBytesMax, eventBodyBytesMax } from "./limits.ts";

/** As protobuf, attributes have up to six times the bytes that they have as JSON; the rest is for the other fields. */
const bodyFactor = 8;

export class EventBounds {
  #attributesBytesMax = attributesBytesMax;

  /** Bytes of attributes as JSON. */
  get attributesBytesMax(): number {
    return this.#attributesBytesMax;
  }

  /** Bytes of one event in its request, ignored fields included. */
  get bodyBytesMax(): number {
    return Math.max(eventBodyBytesMax, bodyFactor * this.#attributesBytesMax);
  }

  /** To be called before anything listens. @param bytes at most `attributesBytesMaxMost` */
  allowAttributes(bytes: number): void {
    this.#attributesBytesMax = bytes;
  }
}

/** One for the process, for the events of all protocols. */
export const eventBounds = new EventBounds();
