import { describe, expect, test } from "bun:test";
import { type CallerLimits, eventsPerSecondDefault } from "../../src/core/caller-limits.ts";
import { MarsError } from "../../src/core/error.ts";
import type { MarsEvent } from "../../src/core/event.ts";
import { Identity } from "../../src/core/identity.ts";
import { EventLimits, type EventSender } from "../../src/edge/event-limits.ts";
import { callerNamed } from "../support/caller.ts";

/** Limits with a clock that the test sets. */
function limitsAt(limits: CallerLimits) {
  const clock = { ms: 0 };
  return { clock, limits: new EventLimits({ limits, now: () => clock.ms }) };
}

function keyed(id: string, limits?: CallerLimits): EventSender {
  const identity = new Identity({ id: `key:${id}`, name: id, kind: "in", apps: ["*"], limits });
  return { identity, peer: { name: `key:${id}`, connection: "c" } };
}

function events(appId: string, count: number): MarsEvent[] {
  const event = { messageId: "m", event: "e", createdAt: 0, receivedAt: 0 };
  return Array.from({ length: count }, () => ({
    ...event,
    appId,
    eventId: "",
    externalId: "",
    parentId: "",
    attributes: "",
  }));
}

function refusal(call: () => void): MarsError {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof MarsError) return thrown;
    throw thrown;
  }
  throw new Error("it was not refused");
}

describe("a caller", () => {
  test("reports its burst at once and its rate from then on", () => {
    const { clock, limits } = limitsAt({ eventsPerSecond: 10, burst: 20 });
    const caller = keyed("a");
    limits.charge(caller, events("shop", 20));
    expect(refusal(() => limits.assertRoom(caller))).toMatchObject({
      code: "overloaded",
      retryAfterMs: 100,
      limit: { name: "events", quota: 20, windowSeconds: 2 },
    });
    clock.ms = 100;
    limits.assertRoom(caller);
    limits.charge(caller, events("shop", 1));
    expect(refusal(() => limits.charge(caller, events("shop", 1))).retryAfterMs).toBe(100);
  });

  test("may go beyond its limit by one batch, which it then waits for", () => {
    const { clock, limits } = limitsAt({ eventsPerSecond: 10 });
    const caller = keyed("a");
    limits.charge(caller, events("shop", 99), 100);
    expect(refusal(() => limits.assertRoom(caller)).retryAfterMs).toBe(8_100);
    clock.ms = 8_100;
    limits.assertRoom(caller);
  });

  test("has its key's limit, which may change under way, and else that of the settings", () => {
    const { limits } = limitsAt({ eventsPerSecond: 10, burst: 3 });
    limits.charge(keyed("a", { eventsPerSecond: 5 }), events("shop", 10));
    expect(refusal(() => limits.assertRoom(keyed("a", { eventsPerSecond: 5 }))).retryAfterMs).toBe(200);
    expect(refusal(() => limits.assertRoom(keyed("a", { eventsPerSecond: 1 }))).retryAfterMs).toBe(1_000);
    limits.assertRoom(keyed("a", { eventsPerSecond: 0 }));
    limits.charge(keyed("b"), events("shop", 3));
    expect(refusal(() => limits.assertRoom(keyed("b"))).limit?.quota).toBe(3);
    // The burst of a key without a rate of its own.
    limits.charge(keyed("c", { burst: 4 }), events("shop", 3));
    limits.assertRoom(keyed("c", { burst: 4 }));
  });

  test("delays no other one", () => {
    const { limits } = limitsAt({ eventsPerSecond: 10 });
    limits.charge(keyed("a"), events("shop", 1_000));
    limits.assertRoom(keyed("b"));
    limits.charge(callerNamed("10.0.0.1"), events("shop", 1_000));
    limits.assertRoom(callerNamed("10.0.0.2"));
    expect(limits.stats).toEqual({ callers: 4, over: 2, refused: 0, waits: 0 });
    refusal(() => limits.assertRoom(keyed("a")));
    expect(limits.warnings()).toEqual(["beyond the limit of events: key:a"]);
  });

  test("is refused with the apps for which it reports, the latest of them", () => {
    const { limits } = limitsAt({ eventsPerSecond: 1, burst: 2 });
    const caller = keyed("a");
    limits.charge(caller, [...events("shop", 1), ...events("bank", 2)]);
    expect(refusal(() => limits.assertRoom(caller)).limit?.apps).toEqual(["shop", "bank"]);
    expect(refusal(() => limits.charge(caller, events("post", 1))).limit?.apps).toEqual([
      "shop",
      "bank",
      "post",
    ]);
    const many = Array.from({ length: 50 }, (_, n) => events(`app-${n}`, 1)).flat();
    expect(refusal(() => limits.charge(caller, many)).limit?.apps).toHaveLength(20);
  });
});

test("without a limit nothing is counted", () => {
  const { limits } = limitsAt({ eventsPerSecond: 0 });
  limits.charge(keyed("a"), events("shop", 1e4), 1e12);
  limits.assertRoom(keyed("a"));
  expect(limits.stats.callers).toBe(0);
});

test("with the default limit addresses are found out only where all together are beyond the limit of one", () => {
  const { clock, limits } = limitsAt({ eventsPerSecond: eventsPerSecondDefault });
  const { identity } = callerNamed();
  const unasked: EventSender = {
    identity,
    get peer(): never {
      throw new Error("the address was asked for");
    },
  };
  limits.assertRoom(unasked);
  limits.charge(unasked, [], 2_000_001);
  expect(() => limits.assertRoom(unasked)).toThrow("the address was asked for");
  // Nobody of them is beyond it yet.
  limits.assertRoom(callerNamed("10.0.0.1"));
  limits.charge(callerNamed("10.0.0.1"), [], 2_000_001);
  refusal(() => limits.assertRoom(callerNamed("10.0.0.1")));
  limits.assertRoom(callerNamed("10.0.0.2"));
  // What they report meanwhile counts for all of them, too.
  clock.ms = 2_500;
  limits.charge(callerNamed("10.0.0.2"), []);
  expect(() => limits.assertRoom(unasked)).toThrow("the address was asked for");
  clock.ms = 3_100;
  limits.assertRoom(unasked);
});

test("callers that are idle are forgotten, and of ten thousand busy ones the first", () => {
  const { clock, limits } = limitsAt({ eventsPerSecond: 1, burst: 1 });
  for (let n = 0; n < 1_000; n++) {
    clock.ms += 1_000;
    limits.charge(keyed(`idle-${n}`), events("shop", 1));
  }
  expect(limits.stats.callers).toBeLessThan(200);
  for (let n = 0; n < 12_000; n++) limits.charge(keyed(`busy-${n}`), events("shop", 1_000));
  expect(limits.stats.callers).toBe(10_000);
  limits.assertRoom(keyed("busy-0"));
  refusal(() => limits.assertRoom(keyed("busy-11999")));
});

describe("a stream", () => {
  const never = new AbortController().signal;

  test("waits, and pays for a batch like the last one before it reads the next", async () => {
    const { clock, limits } = limitsAt({ eventsPerSecond: 10, burst: 10 });
    const [one, other] = [limits.open(keyed("a")), limits.open(keyed("a"))];
    for (const stream of [one, other]) {
      await stream.next(never);
      stream.came(events("shop", 8), 8);
    }
    // 6 over: both wait, and of the two only one goes on.
    clock.ms = 700;
    await one.next(never);
    const gone = new AbortController();
    const waits = other.next(gone.signal);
    expect(limits.stats).toMatchObject({ waits: 1, refused: 0 });
    gone.abort();
    await waits;
    // What was kept for a batch that does not come is given back.
    one.end();
    await limits.open(keyed("a")).next(never);
  });
});
