import { expect, test } from "bun:test";
import { loginMs, PendingLogins } from "../../src/access/pending-logins.ts";

const login = { nonce: "n", verifier: "v", returnTo: "/", sessionBefore: undefined, address: "127.0.0.1" };

test("a sign-in that is under way is good once, in its browser, for ten minutes", () => {
  const clock = { now: 0 };
  const pending = new PendingLogins(() => clock.now);
  const [one, two, late] = [pending.add(login), pending.add(login), pending.add(login)];
  expect(pending.take(one.state, one.secret)).toMatchObject({ nonce: "n" });
  expect(pending.take(one.state, one.secret)).toBeUndefined();
  expect(pending.take(two.state, one.secret)).toBeUndefined();
  expect(pending.take(two.state, two.secret)).toBeUndefined();
  clock.now = loginMs;
  expect(pending.take(late.state, late.secret)).toBeUndefined();
  expect(pending.size).toBe(0);
});

test("who begins thousands of sign-ins displaces their own, and not those of others", () => {
  const pending = new PendingLogins(() => 0);
  const other = pending.add({ ...login, address: "192.0.2.1" });
  const first = pending.add(login);
  for (let i = 0; i < 2_000; i++) pending.add(login);
  expect(pending.size).toBe(1_000);
  expect(pending.take(first.state, first.secret)).toBeUndefined();
  expect(pending.take(other.state, other.secret)).toBeDefined();
});
