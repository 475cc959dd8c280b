import { expect, test } from "bun:test";
import type { Caller } from "../../src/core/caller.ts";
import { MarsError } from "../../src/core/error.ts";
import { createAnonymous } from "../../src/core/identity.ts";
import { FairQueue, type FairQueueOptions } from "../../src/runtime/fair-queue.ts";
import { callerNamed } from "../support/caller.ts";

const options: FairQueueOptions = {
  what: "reads",
  activeMax: 1,
  waitingMax: 1_000,
  waitMs: 60_000,
  runMs: 60_000,
};

const caller = callerNamed;

/** A queue whose first task is held, so that the others wait; and the order in which they run. */
function heldQueue(overrides: Partial<FairQueueOptions> = {}) {
  const queue = new FairQueue({ ...options, ...overrides });
  const held = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = queue.run(caller("first"), () => held.promise);
  return {
    queue,
    order,
    ask(who: Caller, name: string): Promise<void> {
      return queue.run(who, async () => {
        order.push(name);
      });
    },
    async go() {
      held.resolve();
      await first;
    },
  };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error) => (error instanceof MarsError ? error.code : String(error)),
  );
}

test("another peer waits for one task, however many a peer has asked for before", async () => {
  const { queue, order, ask, go } = heldQueue();
  const many = Array.from({ length: 500 }, (_, n) => ask(caller("greedy"), `greedy ${n}`));
  const other = ask(caller("other"), "other");
  await go();
  await other;
  expect(order.indexOf("other")).toBeLessThanOrEqual(1);
  await Promise.all(many);
  expect(queue.stats).toMatchObject({ waiting: 0, active: 0, done: 502, refused: 0 });
});

test("a task does not run where its caller's rights have ended while it waited", async () => {
  const { queue, order, ask, go } = heldQueue();
  const identity = createAnonymous();
  const revoked = codeOf(ask({ ...caller("revoked"), identity }, "revoked"));
  const other = ask(caller("other"), "other");
  identity.end("revoked");
  await go();
  await other;
  expect([await revoked, order]).toEqual(["unauthenticated", ["other"]]);
  expect(queue.stats).toMatchObject({ waiting: 0, active: 0, done: 2, abandoned: 1 });
});

test("so does another connection of the same peer", async () => {
  const { order, ask, go } = heldQueue();
  const many = Array.from({ length: 500 }, (_, n) => ask(caller("one", 1 + (n % 50)), `greedy ${n}`));
  const other = ask(caller("one", 99), "other");
  await go();
  await other;
  expect(order.indexOf("other")).toBeLessThanOrEqual(1);
  await Promise.all(many);
});

test("turns go by time: a peer with long tasks does not get more of it than one with short ones", async () => {
  const queue = new FairQueue(options);
  let long = 0;
  let short = 0;
  const all: Promise<void>[] = [];
  for (let n = 0; n < 40; n++) {
    all.push(
      queue.run(caller("long"), async () => {
        await Bun.sleep(10);
        long += 1;
      }),
      queue.run(caller("short"), async () => {
        await Bun.sleep(1);
        short += 1;
        if (short === 40) expect(long).toBeLessThan(20);
      }),
    );
  }
  await Promise.all(all);
});

test("when it is full the last task of the connection with most gives way", async () => {
  const { queue, ask, go, order } = heldQueue({ waitingMax: 10 });
  const refusals: string[] = [];
  const greedy = Array.from({ length: 20 }, (_, n) =>
    ask(caller("greedy"), `greedy ${n}`).catch((error) => refusals.push(error.code)),
  );
  const sameAddress = ask(caller("greedy", 2), "second connection");
  const other = ask(caller("other"), "other");
  await go();
  await Promise.all([...greedy, sameAddress, other]);
  expect(refusals).toEqual(new Array(12).fill("overloaded"));
  expect(order).toContain("second connection");
  expect(order).toContain("other");
  expect(queue.stats).toMatchObject({ refused: 12, waiting: 0 });
});

test("a refusal says when to come again", async () => {
  const { queue, ask, go } = heldQueue({ waitingMax: 0 });
  const error = await ask(caller("a"), "a").catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "overloaded", retryAfterMs: 1_000 });
  await go();
  expect(queue.stats).toMatchObject({ refused: 1, done: 1 });
});

test("a task whose caller has gone does not run", async () => {
  const { queue, order, ask, go } = heldQueue();
  const gone = new AbortController();
  const abandoned = Array.from({ length: 100 }, () => codeOf(ask(caller("a", 1, gone.signal), "abandoned")));
  const kept = ask(caller("a"), "kept");
  gone.abort("gone");
  expect(new Set(await Promise.all(abandoned))).toEqual(new Set(["gone"]));
  expect(await codeOf(ask(caller("a", 1, gone.signal), "abandoned"))).toBe("gone");
  await go();
  await kept;
  expect(order).toEqual(["kept"]);
  expect(queue.stats).toMatchObject({ abandoned: 101, waiting: 0, done: 2 });
});

test("what waits or runs for too long ends with a deadline", async () => {
  const queue = new FairQueue({ ...options, waitMs: 20, runMs: 40 });
  const held = Promise.withResolvers<void>();
  const running = codeOf(queue.run(caller("a"), () => held.promise));
  const waiting = codeOf(queue.run(caller("a"), async () => undefined));
  expect(await waiting).toBe("deadline_exceeded");
  expect(await running).toBe("deadline_exceeded");
  expect(queue.stats).toMatchObject({ expired: 2, waiting: 0, active: 1 });
  held.resolve();
  await queue.run(caller("a"), async () => undefined);
  expect(queue.stats.active).toBe(0);
});

test("a task that fails fails alone", async () => {
  const queue = new FairQueue(options);
  const failing = queue.run(caller("a"), () => Promise.reject(new MarsError("not_found", "no")));
  const next = queue.run(caller("a"), async () => "next");
  expect(await codeOf(failing)).toBe("not_found");
  expect(await next).toBe("next");
});

test("a peer may have a part of what runs, and another has the rest", async () => {
  const queue = new FairQueue({ ...options, activeMax: 2, activePerPeerMax: 1 });
  const held = Promise.withResolvers<void>();
  const running = queue.run(caller("a"), () => held.promise);
  const second = queue.run(caller("a", 2), async () => "second");
  expect(await queue.run(caller("b"), async () => "b")).toBe("b");
  expect(queue.stats).toMatchObject({ active: 1, waiting: 1 });
  held.resolve();
  await running;
  expect(await second).toBe("second");
});

test("closing refuses what waits and what comes, and lets what runs end", async () => {
  const { queue, ask, go } = heldQueue();
  const waiting = codeOf(ask(caller("a"), "waiting"));
  queue.close(new MarsError("draining", "stopping"));
  expect(await waiting).toBe("draining");
  expect(await codeOf(ask(caller("a"), "late"))).toBe("draining");
  await go();
  expect(queue.stats).toMatchObject({ waiting: 0, active: 0, done: 1 });
});
