import { expect, test } from "bun:test";
import type { Peer } from "../../src/core/caller.ts";
import { SendBudget, type SendBudgetOptions } from "../../src/runtime/send-budget.ts";

function peer(name: string): Peer {
  return { name, connection: `${name}:1` };
}

/** A holding over bytes that a test takes. */
function holdingOf(budget: SendBudget, who: Peer, stallMs = 60_000) {
  let bytes = 0;
  const stalled = Promise.withResolvers<void>();
  let cut = false;
  const holding = budget.open(who, {
    pending: () => bytes,
    stalled: () => {
      cut = true;
      stalled.resolve();
    },
    stallMs: () => stallMs,
  });
  return {
    set(now: number) {
      bytes = now;
      holding.look();
    },
    /** As a client reads them: no event reports it. */
    take(count: number) {
      bytes -= count;
    },
    end: holding.end,
    stalled: stalled.promise,
    get cut() {
      return cut;
    },
  };
}

const quick: SendBudgetOptions = { bytesMax: 1_000, lookMs: 5 };

test("a peer has room as long as it holds less than is left for the others", () => {
  const budget = new SendBudget(quick);
  const [a, b] = [holdingOf(budget, peer("a")), holdingOf(budget, peer("b"))];
  a.set(499);
  expect(budget.hasRoom(peer("a"))).toBe(true);
  a.set(500);
  expect(budget.hasRoom(peer("a"))).toBe(false);
  expect(budget.refusal(peer("a"))).toMatchObject({ code: "overloaded", retryAfterMs: 1_000 });
  expect(budget.refusal(peer("b"))).toBeUndefined();
  b.set(250);
  expect(budget.hasRoom(peer("b"))).toBe(false);
  a.end();
  expect(budget.hasRoom(peer("a"))).toBe(true);
  expect(budget.stats).toMatchObject({ bytes: 250, holdings: 1 });
});

test("a newcomer has room, however much the others hold", () => {
  const budget = new SendBudget(quick);
  holdingOf(budget, peer("a")).set(5_000);
  expect(budget.hasRoom(peer("a"))).toBe(false);
  expect(budget.hasRoom(peer("b"))).toBe(true);
});

test("a holding of which nothing is taken is closed; one of which little is taken is not", async () => {
  const budget = new SendBudget(quick);
  const slow = holdingOf(budget, peer("slow"), 300);
  const dead = holdingOf(budget, peer("dead"), 300);
  slow.set(400);
  dead.set(100);
  const taking = setInterval(() => slow.take(1), 5);
  await dead.stalled;
  expect(slow.cut).toBe(false);
  clearInterval(taking);
  await slow.stalled;
  expect(budget.stats).toMatchObject({ bytes: 0, holdings: 0, stalled: 2 });
});

test("the peer that holds the most and has no room left is closed sooner", async () => {
  const budget = new SendBudget({ ...quick, crampedMs: 20 });
  const greedy = holdingOf(budget, peer("greedy"));
  const modest = holdingOf(budget, peer("modest"));
  modest.set(10);
  greedy.set(900);
  await greedy.stalled;
  expect(modest.cut).toBe(false);
  modest.end();
});

test("those who wait for room are woken when some is taken", async () => {
  const budget = new SendBudget(quick);
  const holding = holdingOf(budget, peer("a"));
  holding.set(900);
  const freed = budget.freed();
  holding.take(900);
  await freed;
  expect(budget.hasRoom(peer("a"))).toBe(true);
});
