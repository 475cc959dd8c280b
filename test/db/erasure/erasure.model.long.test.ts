/** Erasure among everything else that changes messages, compared with a model that keeps all events in a map. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Erasure } from "../../../src/core/erasure.ts";
import { wholeApp } from "../../../src/core/retention.ts";
import type { StoreService } from "../../../src/workers/store-service.ts";
import { parseDefinition } from "../../support/definition.ts";
import { type NaiveLifecycle, naiveFindings } from "../../support/naive-lifecycle.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, keepFor, markTime, openStore, prune, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const apps = ["a", "b"];
const lifecycle: NaiveLifecycle = {
  stages: [
    { names: ["A"], after: [] },
    { names: ["B"], after: ["A"], within: 5 * second },
    { names: ["C"], after: ["B"], within: 3 * second },
  ],
  completeOn: ["C"],
  failOn: ["F"],
  grace: 0,
};
const definition = parseDefinition({
  stages: [
    { event: "A" },
    { event: "B", after: "A", within: "5s" },
    { event: "C", after: "B", within: "3s" },
  ],
  complete_on: ["C"],
  fail_on: ["F"],
  grace: "0s",
});

/** The second app has a retention of its own. */
const retentionOf = { a: keepFor, b: 3 * keepFor };

const sent = fc.record({
  appId: fc.constantFrom(...apps),
  messageId: fc.constantFrom("x", "y", "z"),
  event: fc.constantFrom("A", "A", "B", "C", "F", "OTHER"),
  eventId: fc.constantFrom("", "", "1"),
  ago: fc.nat(9),
});

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      events: fc.array(sent, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("project" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("erase" as const), of: sent }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("request" as const), app: fc.constantFrom(...apps) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("step" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("prune" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
);

type Sent = typeof sent extends fc.Arbitrary<infer One> ? One : never;
type Operation = typeof operation extends fc.Arbitrary<infer One> ? One : never;

interface ModelMessage {
  /** The seq of its first event. */
  readonly born: number;
  /** By identity. */
  readonly events: Map<string, { event: string; createdAt: number; seq: number }>;
  reportedAt: number;
  /** It began after retention had deleted another one of its name: perhaps it is not followed. */
  readonly late: boolean;
}

class Model {
  readonly messages = new Map<string, ModelMessage>();
  /** Up to which seq the messages of an app are to be erased. */
  readonly requested = new Map<string, number>();
  readonly pruned = new Set<string>();
  readonly counted = new Map<string, number>();
  readonly begun = new Map<string, number>();
  projected = 0;

  send(key: string, one: Sent, createdAt: number, seq: number, elapsed: number): void {
    let message = this.messages.get(key);
    if (message !== undefined && message.born <= (this.requested.get(one.appId) ?? 0)) {
      message = undefined;
      this.pruned.delete(key);
    }
    if (message === undefined) {
      message = { born: seq, events: new Map(), reportedAt: elapsed, late: this.pruned.has(key) };
      this.messages.set(key, message);
    }
    message.reportedAt = elapsed;
    const identity = one.eventId === "" ? `${one.event}@${createdAt}` : `${one.event}#${one.eventId}`;
    const known = message.events.get(identity);
    if (known === undefined) message.events.set(identity, { event: one.event, createdAt, seq });
    else known.createdAt = Math.min(known.createdAt, createdAt);
  }

  project(upTo: number): void {
    for (const [key, { born, events }] of this.messages) {
      const app = key.split("/")[0]!;
      const add = (counts: Map<string, number>, more: number) =>
        counts.set(app, (counts.get(app) ?? 0) + more);
      if (born > this.projected) add(this.begun, 1);
      add(this.counted, [...events.values()].filter(({ seq }) => seq > this.projected).length);
    }
    this.projected = upTo;
  }

  erase(key: string): void {
    this.messages.delete(key);
    this.pruned.delete(key);
  }
}

class Run {
  readonly model = new Model();
  #store: StoreService;
  readonly #opened: TestStore;
  #now = 100 * second;
  #elapsed = 0;
  #seq = 0;

  constructor(opened: TestStore) {
    this.#opened = opened;
    this.#store = opened.store;
  }

  async do(op: Operation): Promise<void> {
    this.#now += second;
    if (op.kind === "send") await this.#send(op.events);
    else if (op.kind === "project") await this.#project();
    else if (op.kind === "erase") await this.#erase(op.of);
    else if (op.kind === "request") await this.#request(op.app);
    else if (op.kind === "step") await this.#step();
    else if (op.kind === "prune") await this.#prune();
    else this.#store = await this.#opened.restart();
    await this.#compareMessages();
  }

  /** Carries out all that is under way. */
  async finish(): Promise<void> {
    for (let more = true; more; ) more = await this.#step();
    await this.#project();
    await this.#compareMessages();
    const { queries } = this.#opened;
    const found = (await queries.findings({ state: "any", order: "newest", limit: 1_000 })).findings;
    for (const { appId, messageId } of found) {
      expect(this.model.messages.has(`${appId}/${messageId}`)).toBe(true);
    }
  }

  async #send(events: readonly Sent[]): Promise<void> {
    const stored = events.map((one) => {
      const { ago, ...fields } = one;
      const createdAt = this.#now - ago * second - 1;
      const seq = ++this.#seq;
      this.model.send(`${one.appId}/${one.messageId}`, one, createdAt, seq, this.#elapsed);
      return event(seq, { ...fields, createdAt });
    });
    await this.#store.apply(await batchOf(stored));
  }

  async #project(): Promise<void> {
    await projectAll(this.#store, this.#seq, this.#now);
    this.model.project(this.#seq);
    await this.#compareStates();
  }

  async #erase({ appId, messageId }: Sent): Promise<void> {
    await this.#project();
    const key = `${appId}/${messageId}`;
    const events = await this.#store.eraseMessage({ appId, messageId }, this.#seq);
    const known = this.model.messages.get(key);
    expect(events ?? 0).toBe(known?.events.size ?? 0);
    this.model.erase(key);
    await this.#compareStates();
  }

  async #request(app: string): Promise<void> {
    await this.#project();
    const erasure = await this.#store.requestErasure(app, this.#seq, this.#now);
    if (erasure !== undefined) this.model.requested.set(app, this.#seq);
  }

  async #step(): Promise<boolean> {
    const { done, erased } = await this.#store.eraseStep();
    const { queries } = this.#opened;
    for (const [key, { born }] of this.model.messages) {
      const [appId = "", messageId = ""] = key.split("/");
      if (born > (this.model.requested.get(appId) ?? 0)) continue;
      if ((await queries.get({ appId, messageId })).message === undefined) this.model.erase(key);
      else expect(erased?.appId).not.toBe(appId);
    }
    if (erased !== undefined) await this.#finishErasure(erased);
    return !done;
  }

  async #finishErasure(erased: Erasure): Promise<void> {
    const now = await this.#store.finishErasure(erased, this.#now);
    expect(now.doneAt).toBe(this.#now);
    this.model.requested.delete(erased.appId);
  }

  async #prune(): Promise<void> {
    await this.#project();
    await markTime(this.#store, this.#elapsed);
    this.#elapsed += keepFor;
    await prune(this.#store, this.#elapsed, this.#now);
    const first = wholeApp("b");
    await prune(this.#store, this.#elapsed, this.#now, { first, keepFor: retentionOf.b });
    for (const [key, message] of this.model.messages) {
      const [appId = "", messageId = ""] = key.split("/");
      if ((await this.#opened.queries.get({ appId, messageId })).message !== undefined) continue;
      const keptFor = retentionOf[appId as keyof typeof retentionOf];
      expect(message.reportedAt + keptFor).toBeLessThanOrEqual(this.#elapsed);
      // Nothing is owed: what would be missing has been found.
      const owed = naiveFindings(lifecycle, [...message.events.values()]).filter(
        ({ from }) => from > this.#now,
      );
      if (!message.late) expect(owed).toEqual([]);
      this.model.erase(key);
      this.model.pruned.add(key);
    }
  }

  async #compareMessages(): Promise<void> {
    const { queries } = this.#opened;
    const { messages } = await queries.list({ order: "newest", limit: 1_000 });
    const shown = messages.map(({ appId, messageId, eventCount }) => `${appId}/${messageId} ${eventCount}`);
    const known = [...this.model.messages].map(([key, { events }]) => `${key} ${events.size}`);
    expect(shown.sort()).toEqual(known.sort());
  }

  async #compareStates(): Promise<void> {
    const { queries } = this.#opened;
    const { apps: rows } = await queries.apps({ limit: 10 });
    for (const app of apps) {
      const row = rows.find(({ appId }) => appId === app);
      const mine = [...this.model.messages].filter(([key]) => key.startsWith(`${app}/`));
      const {
        open = 0,
        overdue = 0,
        complete = 0,
        failed = 0,
        untracked = 0,
        expired = 0,
      } = row?.messages ?? {};
      const begun = this.model.begun.get(app) ?? 0;
      expect([app, row?.events ?? 0]).toEqual([app, this.model.counted.get(app) ?? 0]);
      expect([app, open + overdue + complete + failed + untracked + expired]).toEqual([app, begun]);
      expect(open + overdue + untracked).toBeLessThanOrEqual(mine.length);
      for (const [key, message] of mine) {
        if (message.late) continue;
        const messageId = key.split("/")[1]!;
        const page = await queries.findings({
          appId: app,
          messageId,
          state: "current",
          order: "newest",
          limit: 100,
        });
        const wanted = naiveFindings(lifecycle, [...message.events.values()])
          .filter(({ from }) => from < this.#now)
          .map(({ kind, stage }) => `${key} ${kind} ${stage}`);
        expect(page.findings.map(({ kind, stage }) => `${key} ${kind} ${stage}`).sort()).toEqual(
          wanted.sort(),
        );
      }
    }
  }
}

test("messages, findings and counts are those of a model that forgets what was erased", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
      using opened = await openStore();
      for (const app of apps) await opened.store.putLifecycle(app, definition);
      await opened.store.putAppRetention({ appId: "b", keepFor: retentionOf.b });
      const run = new Run(opened);
      for (const op of operations) await run.do(op);
      await run.finish();
    }),
    { numRuns: Number(process.env.MARS_MODEL_RUNS ?? 25) },
  );
});
