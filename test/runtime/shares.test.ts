import { expect, test } from "bun:test";
import type { Peer } from "../../src/core/caller.ts";
import { type Lease, Shares } from "../../src/runtime/shares.ts";

function peer(name: string): Peer {
  return { name, connection: `${name}:1` };
}

/** As many as the peer can get. */
function takeAll(shares: Shares, who: Peer): Lease[] {
  const leases: Lease[] = [];
  for (let lease = shares.take(who); lease !== undefined; lease = shares.take(who)) leases.push(lease);
  return leases;
}

test("one peer gets half, the next a quarter, and so on; the last has one left", () => {
  const shares = new Shares({ max: 64 });
  const counts = ["a", "b", "c", "d", "e", "f"].map((name) => takeAll(shares, peer(name)).length);
  expect(counts).toEqual([32, 16, 8, 4, 2, 1]);
  expect(takeAll(shares, peer("g")).length).toBe(1);
  expect(takeAll(shares, peer("h")).length).toBe(0);
  expect(shares.stats).toMatchObject({ held: 64, max: 64, peers: 7, refused: 8 });
});

test("what is given back can be taken again, and is given back once only", () => {
  const shares = new Shares({ max: 4 });
  const leases = takeAll(shares, peer("a"));
  expect(leases.length).toBe(2);
  leases[0]?.release();
  leases[0]?.release();
  expect(takeAll(shares, peer("a")).length).toBe(1);
  for (const lease of leases) lease.release();
  expect(shares.stats.held).toBe(1);
});

test("a cap of one goes to one peer at a time", () => {
  const shares = new Shares({ max: 1 });
  const lease = shares.take(peer("a"));
  expect(lease).toBeDefined();
  expect(shares.take(peer("b"))).toBeUndefined();
  lease?.release();
  expect(shares.take(peer("b"))).toBeDefined();
});

/** Takes one that can be taken away; the names of those that were are in `evicted`. */
function takeEvictable(
  shares: Shares,
  who: Peer,
  evicted: string[],
  since: () => number | undefined,
  name: string,
) {
  const lease = shares.take(who, {
    idleSince: since,
    evict: () => {
      evicted.push(name);
      lease?.release();
    },
  });
  return lease;
}

test("a peer whose share is full loses what it has left idle for longest", () => {
  const shares = new Shares({ max: 4 });
  const evicted: string[] = [];
  takeEvictable(shares, peer("a"), evicted, () => 2, "young");
  takeEvictable(shares, peer("a"), evicted, () => 1, "old");
  expect(shares.take(peer("a"))).toBeDefined();
  expect(evicted).toEqual(["old"]);
  expect(shares.stats).toMatchObject({ held: 2, evicted: 1, refused: 0 });
});

test("what is in use is not taken away", () => {
  const shares = new Shares({ max: 4 });
  const evicted: string[] = [];
  for (const name of ["one", "two"]) takeEvictable(shares, peer("a"), evicted, () => undefined, name);
  expect(shares.take(peer("a"))).toBeUndefined();
  expect(evicted).toEqual([]);
});

test("a newcomer to a full cap gets what the peer with most has left idle", () => {
  const shares = new Shares({ max: 4 });
  const evicted: string[] = [];
  takeEvictable(shares, peer("a"), evicted, () => 5, "a1");
  takeEvictable(shares, peer("a"), evicted, () => 6, "a2");
  takeEvictable(shares, peer("b"), evicted, () => 1, "b1");
  takeEvictable(shares, peer("c"), evicted, () => 2, "c1");
  expect(shares.take(peer("d"))).toBeDefined();
  expect(evicted).toEqual(["a1"]);
});

test("a call holds its lease until it ends, however that is", async () => {
  const shares = new Shares({ max: 2 });
  const held = Promise.withResolvers<void>();
  const call = shares.during(peer("a"), "calls", () => held.promise);
  await expect(shares.during(peer("a"), "calls", async () => 1)).rejects.toMatchObject({
    code: "overloaded",
    message: "at most 2 calls at one time, and fewer for each client",
  });
  expect(await shares.during(peer("b"), "calls", async () => 2)).toBe(2);
  held.reject(new Error("it failed"));
  await expect(call).rejects.toThrow("it failed");
  expect(shares.stats.held).toBe(0);
});
