/** The topology on arrays, beside a store that is trivially right. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ChangeStep } from "../../src/core/change-record.ts";
import { MarsError } from "../../src/core/error.ts";
import type { SequencedEvent } from "../../src/core/event.ts";
import type { ChangeOutcome, Store, StoreBatch } from "../../src/core/ports.ts";
import type { SetAsideStep } from "../../src/core/set-aside.ts";
import { BatchWriter } from "../../src/ingest/batch-writer.ts";
import { Batcher } from "../../src/ingest/batcher.ts";
import { Changes } from "../../src/ingest/changes.ts";
import type { LogRecord } from "../../src/ingest/log-tail.ts";
import { createPace } from "../../src/ingest/pace.ts";
import { partition } from "../../src/ingest/partition.ts";
import { runTopology } from "../../src/ingest/topology.ts";
import { createLog } from "../../src/runtime/log.ts";
import { StoreProgress } from "../../src/runtime/progress.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { event } from "../support/store.ts";

const poison = "POISON";

/** What an attempt meets: the database is away, its answer is lost, or all is well. */
type Outcome = "ok" | "away" | "lost";

/** Of the first number of a key: see `StoreChunk`. */
const seqOf = (key: string) => Number(key.slice(0, 17));

/** A store that keeps seqs, in the order in which it gets them. */
class StoreModel implements Pick<Store, "apply" | "setAside" | "applyChange" | "skipChange" | "confirm"> {
  position: number;
  readonly applied: number[] = [];
  readonly aside: number[] = [];
  readonly refused: number[] = [];
  readonly batches: number[] = [];
  readonly #outcome: () => Outcome;

  constructor(position: number, outcome: () => Outcome) {
    this.position = position;
    this.#outcome = outcome;
  }

  async apply({ from, to, count, chunks }: StoreBatch): Promise<null> {
    const keys = chunks.flatMap(({ events }) => Object.keys(JSON.parse(events) as object));
    if (keys.some((key) => key.endsWith(poison))) throw new MarsError("unprocessable", "a constraint failed");
    const firsts = chunks.flatMap(({ messages }) => Object.keys(JSON.parse(messages) as object)).map(seqOf);
    if (firsts.some((seq, n) => seq < (firsts[n - 1] ?? 0))) throw new Error("messages out of order");
    await this.#step(from, to, () => {
      const seqs = keys.map(seqOf);
      this.applied.push(...seqs.toSorted((a, b) => a - b));
      this.batches.push(count);
    });
    return null;
  }

  async setAside({ from, to, item }: SetAsideStep): Promise<number> {
    await this.#step(from, to, () => this.aside.push(item.seq));
    return this.aside.length;
  }

  async applyChange({ from, to, change }: ChangeStep): Promise<ChangeOutcome> {
    if (change.args === '["refused"]') throw new MarsError("invalid_argument", "too many");
    if (change.args === '["faulty"]') throw new Error("a fault of ours");
    const before = this.position === to;
    await this.#step(from, to, () => this.applied.push(to));
    return before ? { lost: true } : { answer: true };
  }

  async skipChange({ from, to }: Omit<ChangeStep, "change">): Promise<void> {
    await this.#step(from, to, () => this.refused.push(to));
  }

  async confirm(): Promise<void> {}

  async #step(from: number, to: number, change: () => void): Promise<void> {
    const outcome = this.#outcome();
    if (outcome === "away") throw new MarsError("unavailable", "the database is away");
    // As `MessageWriter` does when it finds the position where the batch leads to.
    if (this.position === to) return;
    if (this.position !== from) throw new MarsError("fenced", `at ${this.position}, not ${from}`);
    change();
    this.position = to;
    if (outcome === "lost") throw new MarsError("unavailable", "no answer");
  }
}

interface Run {
  readonly records: readonly LogRecord[];
  readonly after: number;
  readonly collectors: number;
  readonly batchEventsMax: number;
  readonly batchCharsMax: number;
  readonly outcome: () => Outcome;
}

async function run({ records, after, outcome, ...bounds }: Run) {
  const { signal } = new AbortController();
  const lines: string[] = [];
  const log = createLog("error", (line) => lines.push(line));
  const supervisor = new Supervisor({ log });
  // The loop is there before the writer asks for it, so it does not pause.
  supervisor.loop("store", { firstMs: 0, lastMs: 0 });
  const store = new StoreModel(after, outcome);
  const batcher = new Batcher({ ...bounds, intervalMs: 0, signal });
  batcher.start(after);
  const pace = createPace();
  const changes = new Changes({
    ...{ store, supervisor, log, signal, progress: new StoreProgress() },
    write: () => Promise.reject(new Error("nobody asks for a change")),
    stalled: () => "",
    madeLate: () => undefined,
  });
  const make = changes.make.bind(changes);
  const writer = new BatchWriter({ store, make, supervisor, log, setAside: () => undefined, pace, signal });
  const published: SequencedEvent[] = [];
  const positions: number[] = [];
  await runTopology({
    log: (async function* () {
      yield* records;
    })(),
    batcher,
    write: (batch) => writer.write(batch),
    publish({ events, upTo }) {
      published.push(...events);
      positions.push(upTo);
    },
    pace,
    signal,
  });
  return { store, batcher, published, positions };
}

const logged = fc.record({
  message: fc.nat(6),
  poison: fc.nat(40).map((n) => n === 0),
  size: fc.constantFrom(0, 0, 0, 300),
});
const record = fc.record({
  leap: fc.constantFrom(0, 0, 0, 1_000),
  events: fc.array(logged, { minLength: 1, maxLength: 30 }),
  /** A change instead of the events. */
  change: fc.option(fc.constantFrom("good", "good", "refused", "faulty"), { freq: 3 }),
});

test("every event and change is applied once and in order, set aside or refused, for all batches and failures", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 20 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 100, max: 5_000 }),
      fc.infiniteStream(fc.constantFrom<Outcome>("ok", "ok", "ok", "away", "lost")),
      async (shapes, collectors, batchEventsMax, batchCharsMax, outcomes) => {
        const after = 5;
        let seq = after;
        const records = shapes.map(({ leap, events, change }): LogRecord => {
          seq += leap;
          if (change !== null) {
            const args = JSON.stringify([change]);
            const logged = { seq: ++seq, change: { method: "putView", at: seq, args } } as const;
            return { events: [], partition: [], change: logged };
          }
          const made = events.map((one) =>
            event(++seq, {
              messageId: `m${one.message}`,
              event: one.poison ? poison : "CREATED",
              attributes: "x".repeat(one.size),
            }),
          );
          return { events: made, partition: partition(made, collectors) };
        });
        const { store, batcher, published, positions } = await run({
          records,
          after,
          collectors,
          batchEventsMax,
          batchCharsMax,
          outcome: () => outcomes.next().value as Outcome,
        });
        const all = records.flatMap(({ events }) => events);
        const good = all.filter((one) => one.event !== poison);
        expect(store.aside).toEqual(all.filter((one) => one.event === poison).map((one) => one.seq));
        const changes = records.flatMap(({ change }) => change ?? []);
        const made = changes.filter(({ change }) => change.args === '["good"]').map((one) => one.seq);
        expect(store.refused).toEqual(changes.map((one) => one.seq).filter((one) => !made.includes(one)));
        expect(store.applied).toEqual([...good.map((one) => one.seq), ...made].sort((a, b) => a - b));
        expect(published).toEqual(good);
        expect(positions).toEqual(positions.toSorted((a, b) => a - b));
        expect(store.position).toBe(records.length === 0 ? after : seq);
        expect(Math.max(0, ...store.batches)).toBeLessThanOrEqual(batchEventsMax);
        expect(batcher.collectors.map(({ size }) => size)).toEqual(Array(collectors).fill(0));
      },
    ),
    { numRuns: 80 },
  );
});

test("a message that floods its collector makes batches shorter, and an event behind it is in one of them", async () => {
  const events = Array.from({ length: 101 }, (_, n) =>
    event(n + 1, { messageId: n === 50 ? "another" : "flood" }),
  );
  const { store, batcher } = await run({
    records: [{ events, partition: partition(events, 10) }],
    after: 0,
    collectors: 10,
    batchEventsMax: 50,
    batchCharsMax: 1e6,
    outcome: () => "ok",
  });
  expect(Math.max(...store.batches)).toBeLessThanOrEqual(11);
  expect(store.applied).toEqual(events.map(({ seq }) => seq));
  expect(Math.max(...batcher.collectors.map(({ totals }) => totals.timesFull))).toBeGreaterThanOrEqual(9);
});

test("another process that has taken over the store ends it", async () => {
  const events = [event(1), event(2)];
  const running = run({
    records: events.map((one) => ({ events: [one], partition: [0] })),
    after: 0,
    collectors: 1,
    batchEventsMax: 1,
    batchCharsMax: 1e6,
    outcome() {
      throw new MarsError("fenced", "taken over");
    },
  });
  await expect(running).rejects.toThrow("taken over");
});
