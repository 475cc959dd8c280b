/** Messages that were under way when the clock stepped: what began by a clock that was behind is judged as much later. */
import { expect, test } from "bun:test";
import { Clock } from "../../../src/runtime/clock.ts";
import { createLog } from "../../../src/runtime/log.ts";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const began = Date.UTC(2026, 0, 1);
const definition = parseDefinition({
  stages: [{ event: "CREATED" }, { event: "SEEN", within: "15s" }],
  complete_on: ["SEEN"],
  grace: "0s",
});

/** Time that the test lets pass, events that are reported meanwhile, and the projector behind them. */
class Run {
  readonly #opened: TestStore;
  readonly #store: TestStore["store"];
  clock: Clock;
  #wall = began;
  #steady = 0;
  #seq = 0;
  /** Changes of findings, each with the true second at which it was made. */
  readonly changes: string[] = [];

  constructor(opened: TestStore) {
    this.#opened = opened;
    this.#store = opened.store;
    this.clock = this.#newClock();
    this.clock.resume(undefined);
  }

  #newClock(): Clock {
    const time = { wallMs: () => this.#wall, steadyMs: () => this.#steady };
    return new Clock({ log: createLog("error", () => undefined), graceMs: 0, time });
  }

  /** @param atMs by another clock, as a difference to this one */
  async report(messageId: string, name: string, atMs = 0): Promise<void> {
    const createdAt = (this.#wall + atMs) * 1_000;
    await this.#opened.store.apply(
      await batchOf([event(++this.#seq, { messageId, event: name, createdAt })]),
    );
    await this.#project();
  }

  async reportAll(count: number, name: string): Promise<void> {
    const createdAt = this.#wall * 1_000;
    const events = Array.from({ length: count }, (_, n) =>
      event(++this.#seq, { messageId: `m${n}`, event: name, createdAt }),
    );
    await this.#opened.store.apply(await batchOf(events));
    await this.#project();
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.#wall += Math.min(250, left);
      this.#steady += Math.min(250, left);
      await this.#project();
    }
  }

  async step(ms: number): Promise<void> {
    this.#wall += ms;
    await this.#project();
  }

  async record(): Promise<void> {
    await this.#opened.store.recordTime(this.clock.record(), undefined);
  }

  /** Another Mars goes on. */
  async restart(): Promise<void> {
    await this.record();
    this.clock = this.#newClock();
    this.clock.resume(await this.#opened.store.recallTime());
  }

  async #project(): Promise<void> {
    const { clock } = this;
    for (;;) {
      const { judged, mayRaise: raise, putBack: keep, skews } = clock;
      const target = { upTo: this.#seq, watermark: judged, raise, keep, skews };
      const { findings, done } = await this.#store.project(target);
      for (const { messageId, kind, retractedAt, lateBy } of findings) {
        const what = `${messageId} ${kind}${retractedAt === undefined ? "" : " retracted"}`;
        this.changes.push(
          `${Math.floor(this.#steady / second)} ${what}${lateBy === 0 ? "" : ` ${lateBy / 1e6}`}`,
        );
      }
      if (done) return;
    }
  }
}

for (const byMs of [2 * second, 20 * second, hour, day, 400 * day]) {
  test(`a clock that was behind by ${byMs / second} s and is put right raises nothing false, and finds stuck messages`, async () => {
    using opened = await openStore();
    await opened.store.putLifecycle("app", definition);
    const run = new Run(opened);
    await run.report("before", "CREATED");
    await run.pass(16 * second);
    expect(run.changes).toEqual(["15 before missing"]);
    for (const id of ["quick", "slow", "late", "stuck"]) await run.report(id, "CREATED");
    // Of a machine whose clock is right.
    await run.report("elsewhere", "CREATED", byMs);
    await run.pass(second);
    await run.step(byMs);
    await run.pass(second);
    await run.report("quick", "SEEN");
    await run.report("after", "CREATED");
    // Longer than it takes until the step is believed.
    await run.pass(12 * second);
    await run.report("slow", "SEEN");
    await run.pass(4 * second);
    await run.report("late", "SEEN");
    await run.record();
    const lateBy = async (messageId: string) => {
      const { message } = await opened.queries.get({ appId: "app", messageId });
      return message?.instance?.stages.map((stage) => stage.lateBy ?? 0);
    };
    expect(await lateBy("slow")).toEqual([0, 0]);
    expect(await lateBy("late")).toEqual([0, 3_000_000]);
    await run.pass(2 * second);
    expect(run.changes.slice(1, 4).sort()).toEqual([
      "31 elsewhere missing",
      "31 late missing",
      "31 stuck missing",
    ]);
    expect(run.changes.slice(4)).toEqual([
      "33 after missing",
      "34 late missing retracted 3",
      "34 late late 3",
    ]);
  });

  test(`a clock that goes ahead by ${byMs / second} s, is believed, and is put right keeps nothing waiting`, async () => {
    using opened = await openStore();
    await opened.store.putLifecycle("app", definition);
    const run = new Run(opened);
    await run.report("quick", "CREATED");
    await run.report("stuck", "CREATED");
    await run.pass(second);
    await run.step(byMs);
    await run.pass(11 * second);
    expect(run.clock.mayRaise).toBe(true);
    await run.report("quick", "SEEN");
    await run.pass(second);
    await run.step(-byMs);
    await run.pass(8 * second);
    expect(run.changes).toEqual(["15 stuck missing"]);
  });
}

test("a clock that goes back and comes again after a while leaves nothing late", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const run = new Run(opened);
  await run.report("before", "CREATED");
  await run.pass(second);
  await run.step(-20 * second);
  await run.report("while", "CREATED");
  await run.pass(5 * second);
  await run.step(20 * second);
  await run.pass(5 * second);
  await run.report("before", "SEEN");
  await run.report("while", "SEEN");
  await run.pass(30 * second);
  expect(run.changes).toEqual([]);
});

test("what waits for a clock that was behind waits over a restart, and when the step is taken back no longer", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const run = new Run(opened);
  const count = 1_100;
  await run.pass(second);
  await run.reportAll(count, "CREATED");
  await run.pass(second);
  await run.step(400 * day);
  await run.restart();
  await run.pass(11 * second);
  expect(run.changes).toEqual([]);
  await run.step(-400 * day);
  await run.pass(4 * second);
  expect(run.changes).toHaveLength(count);
  expect(new Set(run.changes.map((change) => change.slice(0, 3)))).toEqual(new Set(["16 "]));
});
