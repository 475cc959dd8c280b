import { describe, expect, test } from "bun:test";
import { ageMicros, idleMicros, type Session, sessionsOfOneMax } from "../../src/access/session.ts";
import { type NewSession, SessionRing } from "../../src/access/session-ring.ts";
import { Identity } from "../../src/core/identity.ts";

const hour = 3_600_000_000;
const wanted: NewSession = { owner: "key:a", name: "a", address: "127.0.0.1", credential: "h", claims: [] };

/** A ring by a clock of its own, over a store in memory; `down` is a database that is away. */
function createRing(kept = new Map<string, Session>()) {
  const clock = { now: 1_700_000_000_000_000 };
  const keys = new Map([["h", new Identity({ id: "key:a", name: "a", kind: "ro", apps: ["shop"] })]]);
  const state = { down: false };
  const ring = new SessionRing({
    store: {
      readSessions: async () => [...kept.values()],
      async changeSessions(put, ended) {
        if (state.down) throw new Error("away");
        for (const session of put) kept.set(session.id, session);
        for (const { session } of ended) kept.delete(session.id);
      },
    },
    rightsOf({ credential }) {
      const key = keys.get(credential);
      return key && { kind: key.kind, apps: key.apps, key };
    },
    now: () => clock.now,
  });
  return { ring, clock, keys, kept, state };
}

describe("a session", () => {
  test("ends when it was not used for twelve hours", () => {
    const { ring, clock } = createRing();
    const { secret, identity } = ring.create(wanted)!;
    let ended = "";
    identity.onEnd(({ message }) => {
      ended = message;
    });
    clock.now += idleMicros - 1;
    ring.expire();
    expect(ring.find(secret)).toBe(identity);
    clock.now += idleMicros - 1;
    expect(ring.find(secret)).toBe(identity);
    clock.now += idleMicros;
    expect(ring.find(secret)).toBeUndefined();
    expect(ended).toBe("");
    ring.expire();
    expect(ended).toContain("sign in again");
  });

  test("ends after seven days, however much it is used", () => {
    const { ring, clock } = createRing();
    const { secret } = ring.create(wanted)!;
    for (let at = hour; at < ageMicros; at += hour) {
      clock.now += hour;
      expect(ring.find(secret)).toBeDefined();
    }
    clock.now += hour;
    expect(ring.find(secret)).toBeUndefined();
  });

  test("ends with the key that it was made from", () => {
    const { ring, keys, kept } = createRing();
    const { secret, identity } = ring.create(wanted)!;
    const reasons: string[] = [];
    identity.onEnd(({ message }) => reasons.push(message));
    keys.get("h")!.end("this key was revoked");
    expect(reasons).toEqual(["this key was revoked"]);
    expect([ring.find(secret), ring.size, kept.size]).toEqual([undefined, 0, 0]);
  });

  test("has the key's rights, and its share of every bound", () => {
    const { ring } = createRing();
    const { identity, session } = ring.create(wanted)!;
    expect(identity).toMatchObject({
      id: `session:${session.id}`,
      share: "key:a",
      kind: "ro",
      apps: ["shop"],
    });
    expect(ring.create({ ...wanted, credential: "unknown" })).toBeUndefined();
  });

  test("is read again with the time of its last use, and not where it is over or its key is gone", async () => {
    const { ring, clock, kept } = createRing();
    const sessions = [ring.create(wanted)!, ring.create(wanted)!];
    clock.now += idleMicros - hour;
    ring.find(sessions[0]!.secret);
    await ring.flush();
    expect(kept.get(sessions[0]!.session.id)?.lastUsedAt).toBe(clock.now);
    const later = createRing(kept);
    later.clock.now = clock.now + 2 * hour;
    await later.ring.load();
    expect(sessions.map(({ secret }) => later.ring.find(secret) !== undefined)).toEqual([true, false]);
    await later.ring.flush();
    expect([...kept.keys()]).toEqual([sessions[0]!.session.id]);
    const without = createRing(kept);
    without.keys.clear();
    await without.ring.load();
    expect(without.ring.size).toBe(0);
  });

  test("that begins or ends while the database is away is stored afterwards", async () => {
    const { ring, kept, state } = createRing();
    const first = ring.create(wanted)!;
    await ring.flush();
    state.down = true;
    const second = ring.create(wanted)!;
    ring.end(first.session.id, "signed out");
    await expect(ring.flush()).rejects.toThrow("away");
    expect([ring.find(first.secret), ring.find(second.secret)]).toEqual([undefined, second.identity]);
    state.down = false;
    await ring.flush();
    expect([...kept.keys()]).toEqual([second.session.id]);
  });
});

test("of one key's sessions beyond the bound the one that was idle for longest ends", () => {
  const { ring, clock } = createRing();
  const other = ring.create({ ...wanted, owner: "key:b" })!;
  const own = Array.from({ length: sessionsOfOneMax }, () => {
    clock.now += 60_000_000;
    return ring.create(wanted)!;
  });
  ring.find(own[0]!.secret);
  const last = ring.create(wanted)!;
  const good = [other, ...own, last].map(({ secret }) => ring.find(secret) !== undefined);
  expect(good.flatMap((is, at) => (is ? [] : [at]))).toEqual([2]);
  expect(ring.size).toBe(sessionsOfOneMax + 1);
});
