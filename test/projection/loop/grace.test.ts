import { expect, test } from "bun:test";
import { MarsError } from "../../../src/core/error.ts";
import { Grace } from "../../../src/projection/loop/grace.ts";
import { createLog } from "../../../src/runtime/log.ts";
import { event } from "../../support/store.ts";

const graceMs = 10_000;

function create() {
  let now = 1_000;
  const log = createLog("error", () => undefined);
  const grace = new Grace({ graceMs, log, now: () => now });
  return {
    grace,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const overloaded = () => new MarsError("overloaded", "full");

test("a refusal keeps back the apps whose events were refused, and no others", () => {
  const { grace, pass } = create();
  grace.refusedEvents(overloaded(), [event(1, { appId: "a" }), event(2, { appId: "b" })]);
  expect(grace.pausesAll).toBe(false);
  expect(grace.pausedApps()).toEqual(["a", "b"]);
  pass(graceMs);
  expect(grace.pausedApps()).toEqual([]);
});

test("a refusal before anything was read keeps back all apps; one that a client need not repeat keeps back none", () => {
  const { grace, pass } = create();
  grace.refused(new MarsError("invalid_argument", "no"));
  grace.refused(new Error("bug"));
  expect(grace.pausesAll).toBe(false);
  for (const code of ["overloaded", "unavailable", "draining"] as const) {
    grace.refused(new MarsError(code, "later"));
    expect(grace.pausesAll).toBe(true);
    pass(graceMs);
    expect(grace.pausesAll).toBe(false);
  }
});

test("an error that is known with its events does not keep back all apps as well", () => {
  const { grace } = create();
  const error = overloaded();
  grace.refusedEvents(error, [event(1, { appId: "a" })]);
  grace.refused(error);
  expect(grace.pausesAll).toBe(false);
});

test("refusals without an end keep findings back for a bounded time", () => {
  const { grace, pass } = create();
  let heldMs = 0;
  for (; grace.pausesAll || heldMs === 0; heldMs += 1_000) {
    grace.refused(overloaded());
    pass(1_000);
  }
  expect(heldMs).toBe(60_000 + graceMs);
  expect(grace.stats()).toMatchObject({ all: false, overrun: 1 });
  // Once they have ended, the next one is news.
  pass(graceMs);
  grace.refused(overloaded());
  expect(grace.stats().all).toBe(true);
});

test("beyond so many apps a refusal keeps back all", () => {
  const { grace } = create();
  for (let n = 0; n < 1_001; n++) grace.refusedEvents(overloaded(), [event(1, { appId: `app${n}` })]);
  expect(grace.pausedApps().length).toBe(1_000);
  expect(grace.pausesAll).toBe(true);
});
