import { expect, test } from "bun:test";
import { parseTopic } from "../../src/core/topic.ts";
import { createLive, type LiveOptions } from "../../src/live/hub.ts";
import { Shares } from "../../src/runtime/shares.ts";
import { eventAt, Recorder, StoreModel, turn, until } from "./store-model.ts";

const faults: unknown[] = [];
const log = { error: (_: string, fields?: object) => void faults.push(fields) };

function start(options: Partial<LiveOptions> = {}, seq = 0) {
  const store = new StoreModel();
  const hub = createLive(store, { log, retry: { firstMs: 0, maxMs: 1 }, ...options });
  hub.publish([], seq);
  const publish = (...events: ReturnType<typeof eventAt>[]) => {
    store.events.push(...events);
    hub.publish(events, events.at(-1)!.seq);
  };
  const subscribe = (topic: string, after?: number) => {
    const recorder = new Recorder();
    return { recorder, leave: hub.subscribe(parseTopic(topic), after, recorder) };
  };
  return { store, hub, publish, subscribe };
}

test("without a place to resume, what is published from now on comes", () => {
  const { publish, subscribe } = start();
  publish(eventAt(1));
  const { recorder } = subscribe("all");
  expect(recorder.start).toEqual({ seq: 1, recovered: true });
  publish(eventAt(2), eventAt(3));
  expect(recorder.seqs).toEqual([2, 3]);
});

test("all subscribers of a topic get the same array", () => {
  const { publish, subscribe } = start();
  const [first, second] = [subscribe("apps/a").recorder, subscribe("apps/a").recorder];
  publish(eventAt(1), eventAt(2, "b"), eventAt(3));
  expect(first.seqs).toEqual([1, 3]);
  expect(second.batches[0]).toBe(first.batches[0]!);
});

test("a large publication comes in batches", () => {
  const { publish, subscribe } = start();
  const { recorder } = subscribe("all");
  publish(...Array.from({ length: 1000 }, (_, index) => eventAt(index + 1)));
  expect(recorder.seqs).toHaveLength(1000);
  expect(Math.max(...recorder.batches.map((batch) => batch.length))).toBeLessThanOrEqual(256);
});

test("a seq from another database is not recovered, and what is published from now on comes", () => {
  const { publish, subscribe } = start({ lastSeq: () => 20 }, 10);
  const { recorder } = subscribe("all", 21);
  expect(recorder.start).toEqual({ seq: 10, recovered: false });
  publish(eventAt(11));
  expect(recorder.seqs).toEqual([11]);
});

test("a seq that was acknowledged but is not stored yet is waited for", () => {
  const { publish, subscribe } = start({ lastSeq: () => 12 }, 10);
  const { recorder } = subscribe("all", 12);
  expect(recorder.start).toEqual({ seq: 12, recovered: true });
  publish(eventAt(11), eventAt(12), eventAt(13));
  expect(recorder.seqs).toEqual([13]);
});

test("a seq before what was pruned is not recovered", async () => {
  const { store, publish, subscribe } = start();
  publish(eventAt(1), eventAt(2), eventAt(3));
  store.prunedTo = 2;
  const { recorder } = subscribe("all", 1);
  await until(() => recorder.start !== undefined);
  expect(recorder.start).toEqual({ seq: 3, recovered: false });
  publish(eventAt(4));
  expect(recorder.seqs).toEqual([4]);
  const whole = subscribe("all", 2).recorder;
  await until(() => whole.seqs.length === 2);
  expect(whole.start).toEqual({ seq: 2, recovered: true });
});

test("a subscriber that pruning overtakes fails, and is not skipped ahead", async () => {
  const { store, publish, subscribe } = start();
  publish(eventAt(1), eventAt(2), eventAt(3), eventAt(4), eventAt(5));
  const { recorder } = subscribe("all", 0);
  recorder.busy();
  await until(() => recorder.refusals > 0);
  store.prunedTo = 5;
  recorder.ready();
  await until(() => recorder.error !== undefined);
  expect(recorder.error?.code).toBe("subscriber_too_slow");
  // What it did not take is not kept for it, but read again.
  expect(recorder.seqs).toEqual([]);
});

test("one who cannot take an event now gets it from history, and is live again", async () => {
  const { publish, subscribe } = start();
  const { recorder } = subscribe("all");
  publish(eventAt(1));
  recorder.busy();
  publish(eventAt(2));
  publish(eventAt(3));
  expect(recorder.seqs).toEqual([1]);
  recorder.ready();
  await until(() => recorder.seqs.length === 3);
  await turn();
  publish(eventAt(4));
  expect(recorder.seqs).toEqual([1, 2, 3, 4]);
});

test("one who followed a quiet topic is not taken for late when older events were pruned", async () => {
  const { store, publish, subscribe } = start();
  const { recorder } = subscribe("apps/quiet");
  publish(eventAt(1), eventAt(2), eventAt(3));
  store.prunedTo = 3;
  recorder.busy();
  publish(eventAt(4, "quiet"));
  recorder.ready();
  await until(() => recorder.seqs.length === 1 || recorder.error !== undefined);
  expect(recorder.seqs).toEqual([4]);
});

test("while the database is away a resuming subscriber waits", async () => {
  const { store, publish, subscribe } = start();
  let failures = 0;
  store.outcome = () => (failures++ < 5 ? "unavailable" : "ok");
  publish(eventAt(1), eventAt(2));
  const { recorder } = subscribe("all", 0);
  await until(() => recorder.seqs.length === 2);
  expect(failures).toBe(6);
});

test("no subscriber is served before the store's position is known", async () => {
  const store = new StoreModel();
  store.events.push(eventAt(1), eventAt(2), eventAt(3));
  const hub = createLive(store, { log, lastSeq: () => 3 });
  const [old, now] = [new Recorder(), new Recorder()];
  hub.subscribe(parseTopic("all"), 1, old);
  hub.subscribe(parseTopic("all"), undefined, now);
  await turn();
  expect([old.start, now.start]).toEqual([undefined, undefined]);
  hub.publish([], 3);
  await until(() => old.seqs.length === 2 && now.start !== undefined);
  expect(now.start).toEqual({ seq: 3, recovered: true });
  expect(now.seqs).toEqual([]);
});

test("a subscriber that throws harms no other", async () => {
  const { publish, subscribe, hub } = start();
  const before = subscribe("all").recorder;
  const bad = new Recorder();
  hub.subscribe(parseTopic("all"), undefined, {
    subscribed: () => undefined,
    events: () => {
      throw new Error("bad");
    },
    failed: (error) => bad.failed(error),
  });
  const after = subscribe("all").recorder;
  publish(eventAt(1));
  publish(eventAt(2));
  expect(before.seqs).toEqual([1, 2]);
  expect(after.seqs).toEqual([1, 2]);
  expect(bad.error?.code).toBe("internal");
  expect(hub.subscriptions).toBe(2);
  expect(faults).not.toBeEmpty();
});

test("one may leave, and another come, from within a delivery", () => {
  const { publish, subscribe, hub } = start();
  const late = new Recorder();
  const seen: number[] = [];
  const leave = hub.subscribe(parseTopic("all"), undefined, {
    subscribed: () => undefined,
    events: (events) => {
      seen.push(...events.map((event) => event.seq));
      leave();
      hub.subscribe(parseTopic("all"), undefined, late);
      return undefined;
    },
    failed: () => undefined,
  });
  const other = subscribe("all").recorder;
  publish(eventAt(1), eventAt(2));
  publish(eventAt(3));
  expect(seen).toEqual([1, 2]);
  expect(other.seqs).toEqual([1, 2, 3]);
  expect(late.start).toEqual({ seq: 2, recovered: true });
  expect(late.seqs).toEqual([3]);
});

test("an announced event reaches those who subscribe now, and is no part of the sequence", async () => {
  const { publish, subscribe, hub } = start();
  const [live, timeline, other] = [subscribe("apps/a"), subscribe("event_timeline:m"), subscribe("apps/b")];
  hub.announce(eventAt(0));
  publish(eventAt(1));
  expect(live.recorder.seqs).toEqual([0, 1]);
  expect(timeline.recorder.seqs).toEqual([0, 1]);
  expect(other.recorder.seqs).toEqual([]);
});

test("subscriptions are bounded", () => {
  const { hub, subscribe } = start({ subscriptions: new Shares({ max: 4 }) });
  subscribe("all");
  const { leave } = subscribe("apps/a");
  expect(() => subscribe("all")).toThrow("at most 4 subscriptions");
  leave();
  leave();
  expect(hub.subscriptions).toBe(1);
  subscribe("all");
});

test("closing ends every subscription and refuses new ones", async () => {
  const { store, hub, publish, subscribe } = start();
  publish(eventAt(1));
  const live = subscribe("all").recorder;
  store.outcome = () => "unavailable";
  const reading = subscribe("all", 0).recorder;
  await turn();
  await hub.close();
  expect([live.error?.code, reading.error?.code]).toEqual(["draining", "draining"]);
  expect(() => subscribe("all")).toThrow("stopping");
  expect(hub.subscriptions).toBe(0);
});

test("publishing out of order is a programmer's fault", () => {
  const { hub } = start({}, 5);
  expect(() => hub.publish([eventAt(5)], 5)).toThrow();
  expect(() => hub.publish([], 4)).toThrow();
});
