import { describe, expect, test } from "bun:test";
import type { Peer } from "../../src/core/caller.ts";
import { Budget, type BudgetLease } from "../../src/edge/budget.ts";

const what = "things";

function peerNamed(name: string): Peer {
  return { name, connection: name };
}

describe("Budget", () => {
  test("gives what there is, and to one peer no more than its part", () => {
    const budget = new Budget({ what, max: 4, peerMax: 2 });
    expect(budget.tryTake(peerNamed("a"), 2)?.amount).toBe(2);
    expect(budget.tryTake(peerNamed("a"), 1)).toBeUndefined();
    expect(budget.tryTake(peerNamed("b"), 2)?.amount).toBe(2);
    expect(budget.tryTake(peerNamed("c"), 1)).toBeUndefined();
    expect(budget.stats).toMatchObject({ used: 4, max: 4, waiting: 0 });
  });

  test("lets those who wait in by turns of their peers", async () => {
    const budget = new Budget({ what, max: 2, peerMax: 2 });
    const first = await budget.take(peerNamed("a"), 2);
    const order: string[] = [];
    const waiting = ["a1", "a2", "a3", "b1", "b2"].map(async (name) => {
      const lease = await budget.take(peerNamed(name.charAt(0)), 2);
      order.push(name);
      lease.release();
    });
    first.release();
    await Promise.all(waiting);
    expect(order).toEqual(["a1", "b1", "a2", "b2", "a3"]);
    expect(budget.stats).toMatchObject({ used: 0, waiting: 0, refused: 0 });
  });

  test("serves a peer that has room while another waits for its own", async () => {
    const budget = new Budget({ what, max: 4, peerMax: 2 });
    const held = await budget.take(peerNamed("a"), 2);
    const waiting = budget.take(peerNamed("a"), 1);
    expect((await budget.take(peerNamed("b"), 1)).amount).toBe(1);
    held.release();
    expect((await waiting).amount).toBe(1);
  });

  test("refuses who waits too long, and at once when too many wait", async () => {
    const budget = new Budget({ what, max: 1, peerMax: 1, waitersMax: 4, waitMs: 20 });
    const held = budget.tryTake(peerNamed("a"), 1);
    const waiting = Promise.allSettled(["a", "a", "b", "b"].map((peer) => budget.take(peerNamed(peer), 1)));
    await expect(budget.take(peerNamed("c"), 1)).rejects.toMatchObject({
      code: "overloaded",
      retryAfterMs: 1000,
    });
    expect(budget.stats.refused).toBe(1);
    expect((await waiting).map(({ status }) => status)).toEqual(new Array(4).fill("rejected"));
    held?.release();
    expect(budget.stats).toEqual({ used: 0, max: 1, waiting: 0, refused: 5 });
  });

  test("forgets who has gone", async () => {
    const budget = new Budget({ what, max: 1, peerMax: 1 });
    const held = budget.tryTake(peerNamed("a"), 1);
    const gone = new AbortController();
    const waiting = budget.take(peerNamed("a"), 1, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: "malformed" });
    held?.release();
    held?.release();
    expect(budget.stats).toEqual({ used: 0, max: 1, waiting: 0, refused: 0 });
  });

  test("grows a lease while there is room", () => {
    const budget = new Budget({ what, max: 4, peerMax: 3 });
    const lease = budget.tryTake(peerNamed("a"), 1) as BudgetLease;
    expect([lease.grow(2), lease.grow(1), lease.amount]).toEqual([true, false, 3]);
    lease.release();
    expect(budget.stats.used).toBe(0);
  });

  test("gives a peer no more than its own limit, which may be less than what each may have", () => {
    const limitOf = ({ limits }: Peer) => limits?.bodyBytes ?? Number.POSITIVE_INFINITY;
    const budget = new Budget({ what, max: 8, peerMax: 4, limitOf });
    const limited = { ...peerNamed("a"), limits: { bodyBytes: 2 } };
    const lease = budget.tryTake(limited, 2);
    expect(lease?.grow(1)).toBe(false);
    expect(budget.tryTake(limited, 1)).toBeUndefined();
    expect(budget.tryTake(peerNamed("b"), 4)).toBeDefined();
  });
});
