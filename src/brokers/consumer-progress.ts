/** How one consumer does: its state, its counts, and the lines of the log for their changes. */
import type { BrokerCollector, CollectorFigures, CollectorState } from "../core/broker-collector.ts";
import type { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import type { Taken, WaitCause } from "./accept-messages.ts";
import type { BrokerMessage } from "./engine.ts";
import { Rate } from "./rate.ts";

/** The log has one refused message in this time. */
const logRefusalEveryMs = 10_000;
/** A broker that could not be read for so long is a warning in the health. */
const unreadWarningMs = 30_000;
const errorCharsMax = 300;
/** Lines of the log while it is lost. */
const reasonsMax = 10;

export class ConsumerProgress {
  readonly #collector: BrokerCollector;
  readonly #log: Pick<Log, "info" | "warn">;
  readonly #rate = new Rate();
  readonly #counts = {
    ...{ messages: 0, events: 0, ignored: 0, refused: 0 },
    ...{ dead_lettered: 0, redelivered: 0, waits: 0 },
  };
  #state: CollectorState = "starting";
  #stateAt = performance.now();
  /** Since when it cannot be read though it should be. */
  #unreadSince: number | undefined;
  #error = "";
  /** Why its messages cannot be mapped now; empty where they can. */
  #unmapped = "";
  /** Those that the log has since it was lost: a broker that goes away may have several by turns. */
  readonly #reasons = new Set<string>();
  #connects = 0;
  #failures = 0;
  #refusalLoggedAt = Number.NEGATIVE_INFINITY;
  #position = "";
  #refusedKept: number;
  /** Received and not acknowledged yet. */
  inFlight = 0;
  /** See `CollectorFigures`. */
  lag: number | null = null;

  constructor(collector: BrokerCollector, log: Pick<Log, "info" | "warn">, refusedKept: number) {
    this.#collector = collector;
    this.#log = log;
    this.#refusedKept = refusedKept;
  }

  get position(): string {
    return this.#position;
  }

  /** Failures since it was last read. */
  get failures(): number {
    return this.#failures;
  }

  started(): void {
    this.#unreadSince = performance.now();
    this.#unmapped = "";
    this.#become("starting");
  }

  paused(): void {
    this.#unreadSince = undefined;
    this.#error = "";
    this.#unmapped = "";
    this.#become("paused");
  }

  /** It reads from its broker, or could. */
  found(waiting: boolean): void {
    this.#connects += 1;
    this.#failures = 0;
    this.#unreadSince = undefined;
    // What waited came by a connection that is gone: it comes again.
    if (!waiting) this.#unmapped = "";
    this.#error = this.#unmapped;
    this.#become(waiting ? "waiting" : "reading");
    this.#log.info("broker connected", { event: "broker_connected", ...this.#names() });
  }

  /** One line of the log for each time it is lost, and for each other reason meanwhile. */
  lost(thrown: unknown): void {
    const message = messageOf(thrown);
    if (this.#state !== "lost") this.#reasons.clear();
    const known = this.#reasons.has(message) || this.#reasons.size >= reasonsMax;
    if (!known) this.#reasons.add(message);
    this.#failures += 1;
    this.#unreadSince ??= performance.now();
    this.#error = message;
    this.#become("lost");
    if (known) return;
    const fields = { event: "broker_lost", ...this.#names(), reason: message };
    this.#log.warn("broker cannot be read, trying again", fields);
  }

  /** Mars accepts no events now, or cannot map them. */
  waits(error: MarsError, cause: WaitCause): void {
    this.#counts.waits += 1;
    if (this.#state === "reading") this.#become("waiting");
    const fields = { event: "broker_collector_waits", ...this.#names(), error };
    if (cause === "mapping") {
      this.#unmapped = error.message;
      this.#error = error.message;
      const mapping = { ...fields, event: "broker_mapping_waits" };
      this.#log.warn("broker collector waits, its messages cannot be mapped", mapping);
      return;
    }
    this.#log.warn("broker collector waits, Mars accepts no events", fields);
  }

  goesOn(): void {
    if (this.#error === this.#unmapped) this.#error = "";
    this.#unmapped = "";
    if (this.#state === "waiting") this.#become("reading");
    this.#log.info("broker collector goes on", { event: "broker_collector_goes_on", ...this.#names() });
  }

  /** Messages that were acknowledged. */
  acknowledged(
    messages: readonly BrokerMessage[],
    { events, ignored, refused, deadLettered, kept, reason }: Taken,
  ): void {
    this.#counts.messages += messages.length;
    this.#counts.events += events;
    this.#counts.ignored += ignored;
    this.#counts.refused += refused;
    this.#counts.dead_lettered += deadLettered;
    this.#counts.redelivered += messages.filter(({ redelivered }) => redelivered).length;
    if (kept !== undefined) this.#refusedKept = kept;
    this.#position = messages.at(-1)?.position ?? this.#position;
    this.#rate.count(messages.length);
    const now = performance.now();
    if (refused === 0 || now - this.#refusalLoggedAt < logRefusalEveryMs) return;
    this.#refusalLoggedAt = now;
    const fields = {
      event: "broker_message_refused",
      ...this.#names(),
      refused: this.#counts.refused,
      reason,
    };
    this.#log.warn("message of a broker refused", fields);
  }

  refusedKept(count: number): void {
    this.#refusedKept = count;
  }

  /** Why it is not read though it should be; empty while the loss of a broker is new. */
  get health(): string {
    if (this.#unmapped !== "") return `the collector ${this.#collector.id} waits: ${this.#unmapped}`;
    const ms = this.#unreadSince === undefined ? 0 : performance.now() - this.#unreadSince;
    if (ms < unreadWarningMs) return "";
    const why = this.#error === "" ? "" : `: ${this.#error}`;
    return `the collector ${this.#collector.id} has not read from its broker for ${Math.floor(ms / 1_000)} s${why}`;
  }

  get figures(): CollectorFigures {
    return {
      engine: this.#collector.engine,
      state: this.#state,
      state_ms: Math.round(performance.now() - this.#stateAt),
      ...this.#counts,
      refused_kept: this.#refusedKept,
      connects: this.#connects,
      in_flight: this.inFlight,
      rate: this.#rate.perSecond(),
      lag: this.lag,
      position: this.#position,
      last_error: this.#error,
    };
  }

  #names() {
    return { collector: this.#collector.id, engine: this.#collector.engine };
  }

  #become(state: CollectorState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#stateAt = performance.now();
  }
}

/** One line, without what some engines have behind it. */
function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return (message.split("\n")[0] ?? "").slice(0, errorCharsMax);
}
