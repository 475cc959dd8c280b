import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Access, type AccessOptions } from "../../src/access/access.ts";
import type { Key } from "../../src/access/key.ts";
import { createToken } from "../../src/access/key-token.ts";
import { authorOf } from "../../src/core/audit.ts";
import { callerNamed } from "../support/caller.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mars-test-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** @param readKeys of the database */
function accessOver(readKeys: () => Promise<readonly Key[]>, more: Partial<AccessOptions> = {}): Access {
  const store = {
    readKeys,
    putKeys: async () => undefined,
    deleteKey: async () => undefined,
    readSessions: async () => [],
    changeSessions: async () => undefined,
  };
  return new Access({
    directory,
    store,
    adminKey: "",
    anonymous: false,
    loopback: true,
    secureOnly: false,
    fromOwnPage: () => true,
    log: { info: () => undefined, warn: () => undefined },
    ...more,
  });
}

const nothing = { get: () => null };
const header = (value: string) => ({ get: (name: string) => (name === "authorization" ? value : null) });

function codeOf(identify: () => unknown): unknown {
  try {
    identify();
    return "served";
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

describe("a caller without a key, on a loopback address", () => {
  const anyone = (access: Access) => codeOf(() => access.identify(nothing, "read"));

  test("is not served before the database was asked: a restored one may have keys, and no copy of them", async () => {
    const database = Promise.withResolvers<readonly Key[]>();
    const access = accessOver(() => database.promise);
    await access.open();
    expect(anyone(access)).toBe("unavailable");
    const loading = access.load();
    expect(anyone(access)).toBe("unavailable");
    database.resolve([]);
    await loading;
    expect(anyone(access)).toBe("served");
  });

  test("is served while a database is away that has never given any", async () => {
    const access = accessOver(() => Promise.reject(new Error("away")));
    await rm(join(directory, "keys.json"), { force: true });
    await access.open();
    await access.load().catch(() => undefined);
    expect(anyone(access)).toBe("served");
  });
});

/** Microseconds of one call, each a median of many rounds; the calls take turns, so that all of them see the same machine. */
function timesOf(calls: readonly (() => unknown)[], rounds: number, callsInRound: number): number[] {
  const times = calls.map(() => new Float64Array(rounds));
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < calls.length; at++) {
      // Another order in each round.
      const which = (at * 7 + round) % calls.length;
      const start = performance.now();
      for (let n = 0; n < callsInRound; n++) calls[which]?.();
      times[which]![round] = ((performance.now() - start) * 1_000) / callsInRound;
    }
  }
  return times.map((each) => each.sort()[rounds >> 1] ?? 0);
}

describe("a key", () => {
  const adminKey = "an-admin-key-of-more-than-32-characters";
  let access: Access;
  let token: string;
  beforeAll(async () => {
    access = accessOver(async () => [], { adminKey });
    await access.open();
    await access.load();
    const key = { kind: "in", apps: ["*"], name: "k", expiresAt: 0 } as const;
    ({ token } = await access.keys.create(key, authorOf(callerNamed(), "createKey")));
  });

  test("costs a call no more than 3 µs", () => {
    const open = accessOver(async () => [], { anonymous: true });
    const [bearer, admin] = [header(`Bearer ${token}`), header(`Bearer ${adminKey}`)];
    const calls = [
      () => open.identify(nothing, "change"),
      () => access.identify(bearer, "change"),
      () => access.identify(admin, "change"),
    ];
    timesOf(calls, 20, 1_000);
    const [none = 0, key = 0, operators = 0] = timesOf(calls, 200, 200);
    const text = [none, key, operators].map((time) => time.toFixed(2)).join(", ");
    process.stderr.write(`identify: ${text} µs without a key, with one, with MARS_ADMIN_KEY\n`);
    expect(Math.max(key, operators) - none).toBeLessThan(3);
  });

  test("is refused in the same time, however many of its characters are right", () => {
    for (const secret of [token, adminKey]) {
      // Right up to some place: at the least the kind, which is no secret.
      const guesses = [8, 14, 20, 26, 32, secret.length - 1].map((right) => {
        const other = [...secret.slice(right)].map((char) => (char === "q" ? "r" : "q"));
        return secret.slice(0, right) + other.join("");
      });
      const calls = guesses.map((guess) => () => codeOf(() => access.identifyToken(guess)));
      expect(calls.map((call) => call())).toEqual(guesses.map(() => "unauthenticated"));
      timesOf(calls, 20, 100);
      const times = timesOf(calls, 400, 50);
      const [least, most] = [Math.min(...times), Math.max(...times)];
      process.stderr.write(
        `refusal: ${times.map((time) => time.toFixed(2)).join(", ")} µs by right characters\n`,
      );
      expect(most / least).toBeLessThan(1.25);
    }
  });

  test("is looked for by its hash: texts that JavaScript has names for are none", () => {
    for (const text of ["", "__proto__", "constructor", "toString", createToken("ad")]) {
      expect([text, codeOf(() => access.identifyToken(text))]).toEqual([text, "unauthenticated"]);
    }
  });
});
