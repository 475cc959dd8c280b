/** The reading of one OTLP request: its records so far, and the turns that it takes. */

import { MarsError } from "../../core/error.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import type { Identity } from "../../core/identity.ts";
import { otlpEventsMax } from "../../core/limits.ts";
import type { FormatMapping } from "../../formats/mapping.ts";
import { OtlpBatch } from "../../formats/otlp/otlp-batch.ts";
import type { OtlpAttributes } from "../../formats/otlp/record.ts";
import { contextOf, type RecordContext } from "../../formats/otlp/record-event.ts";
import { soleApp } from "../sole-app.ts";
import type { Turns } from "../turns.ts";

/** Work is done in pieces of so many bytes. */
const turnBytes = 64 * 1024;
/** A piece of work costs as much as this many bytes at least: a field that is only skipped. */
const costMin = 16;

export interface ReadingOptions {
  readonly identity: Identity;
  readonly mapping: FormatMapping;
  readonly turns: Turns;
}

export class Reading {
  readonly batch: OtlpBatch;
  readonly #options: ReadingOptions;
  readonly #ownApp: string | undefined;
  #unspent = 0;

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.#ownApp = soleApp(options.identity);
    this.batch = new OtlpBatch(options.identity);
  }

  contextOf(resource: OtlpAttributes): RecordContext {
    const { mapping } = this.#options;
    return contextOf(resource, {
      ownApp: this.#ownApp,
      mapping,
      attributesBytesMax: eventBounds.attributesBytesMax,
    });
  }

  /** `undefined`: work on so many bytes may be done now. A promise: when it resolves. */
  spend(bytes: number): Promise<void> | undefined {
    this.#unspent += Math.max(bytes, costMin);
    if (this.#unspent < turnBytes) return undefined;
    const spent = this.#unspent;
    this.#unspent = 0;
    return this.#options.turns.spend(spent);
  }

  /** @throws `MarsError("too_large")` beyond `otlpEventsMax` */
  assertRoom(): void {
    const { events, records } = this.batch;
    if (events.length <= otlpEventsMax && records <= otlpEventsMax) return;
    throw new MarsError(
      "too_large",
      `a request must have at most ${otlpEventsMax} records and events of spans, has more`,
    );
  }
}
