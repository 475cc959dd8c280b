import { expect, test } from "bun:test";
import { FrameRates } from "../../../src/edge/ws/frame-rates.ts";

function rates() {
  const clock = { now: 0 };
  const made = new FrameRates({
    socket: { burst: 4, perSecond: 1 },
    peer: { burst: 6, perSecond: 2 },
    now: () => clock.now,
  });
  return { clock, rates: made };
}

/** How many of so many frames are taken. */
function taken(allowance: { take(length: number): boolean }, length = 100): number {
  return Array.from({ length: 10 }, () => allowance.take(length)).filter(Boolean).length;
}

test("a socket may send a burst, and so many a second from then on", () => {
  const { clock, rates: made } = rates();
  const socket = made.open("a");
  expect(taken(socket)).toBe(4);
  clock.now += 2_000;
  expect(taken(socket)).toBe(2);
});

test("the sockets of a peer share a rate, others have their own", () => {
  const { rates: made } = rates();
  expect([made.open("a"), made.open("a"), made.open("b")].map((socket) => taken(socket))).toEqual([4, 2, 4]);
});

test("who hangs up and comes again has no more than before, and is forgotten in time", () => {
  const { clock, rates: made } = rates();
  for (const frames of [4, 2, 0]) {
    const socket = made.open("a");
    expect(taken(socket)).toBe(frames);
    socket.end();
    socket.end();
  }
  clock.now += 3_000;
  for (let n = 0; n < 20; n++) made.open(`peer ${n}`).end();
  made.open("b");
  expect(made.size).toBeLessThan(4);
});

test("a long frame counts as several", () => {
  const { rates: made } = rates();
  expect(taken(made.open("a"), 1025)).toBe(2);
  expect(taken(made.open("b"), 64 * 1024)).toBe(0);
});
