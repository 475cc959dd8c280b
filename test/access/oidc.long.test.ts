/** Sign-in by a real issuer, step by step as a browser goes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { roles } from "../../src/config/roles.ts";
import { createLog } from "../../src/runtime/log.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { clientId, clientSecret, publicUrl, startIssuer, TestBrowser, type TestIssuer } from "./issuer.ts";

const people = {
  ann: ["mars-admins", "everyone"],
  bob: ["shop-team", "cn=x,dc=y"],
  eve: ["strangers"],
  dan: "shop-team",
  joe: undefined,
};
const logged: string[] = [];

let issuer: TestIssuer;
let mars: TestMars;

const settings = (url: string) => ({
  publicUrl,
  oidcIssuer: url,
  oidcClientId: clientId,
  oidcClientSecret: clientSecret,
  oidcScopes: "openid profile email groups",
  oidcRoles: roles("mars-admins=ad:*; shop-team=rw:shop,shop-*"),
});

beforeAll(async () => {
  issuer = await startIssuer({ people });
  mars = await startMars(
    settings(issuer.url),
    createLog("info", (line) => logged.push(line)),
  );
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await issuer.close();
});

const whoIs = async (browser: TestBrowser) => (await browser.open("/api/session")).json();

describe("a sign-in by the issuer", () => {
  test("is offered, and nobody comes in without it", async () => {
    const browser = new TestBrowser(mars);
    expect(await browser.status()).toBe(401);
    expect(await (await browser.open("/api/sign-in")).json()).toEqual({
      key: true,
      issuer: { host: new URL(issuer.url).host, path: "/auth/login" },
      caller: null,
      trace_url: null,
      public_url: null,
    });
  });

  test("asks by code, with PKCE, state and nonce", async () => {
    const browser = new TestBrowser(mars);
    const url = await browser.begin();
    expect(url.origin).toBe(issuer.url);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clientId,
      response_type: "code",
      redirect_uri: `${publicUrl}/auth/callback`,
      scope: "openid profile email groups",
      state: expect.stringMatching(/^\w{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(browser.set.at(-1)).toMatch(
      /^__Host-mars-login=\w{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test("gives the rights of the person's first role, and leads back to where they were", async () => {
    const browser = new TestBrowser(mars);
    const answer = await browser.signIn("bob", "/search/event?message_id=m%2F1");
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/search/event?message_id=m%2F1"]);
    expect(browser.set.at(-2)).toMatch(
      /^__Host-mars=mars_se_\w{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect([...browser.cookies.keys()]).toEqual(["__Host-mars"]);
    expect(await whoIs(browser)).toMatchObject({
      id: expect.stringMatching(/^session:\w{12}$/),
      name: "bob@example.com",
      kind: "rw",
      apps: ["shop", "shop-*"],
    });
    expect(await browser.status("/api/keys")).toBe(403);
    const admin = new TestBrowser(mars);
    await admin.signIn("ann");
    expect(await admin.status("/api/keys")).toBe(200);
  });

  test("takes a claim of one value, too", async () => {
    const browser = new TestBrowser(mars);
    await browser.signIn("dan");
    expect(await whoIs(browser)).toMatchObject({ name: "dan@example.com", kind: "rw" });
  });

  test.each(["eve", "joe"])("refuses %s, who has no role, by a page that says so", async (person) => {
    const browser = new TestBrowser(mars);
    const answer = await browser.signIn(person);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([403, "text/html; charset=utf-8"]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await answer.text()).toContain(`${person}@example.com has no role in this Mars`);
    expect(browser.cookies.has("__Host-mars")).toBe(false);
  });

  test("always makes a new session, and ends the one that was there", async () => {
    const browser = new TestBrowser(mars);
    await browser.signIn("bob");
    const before = browser.cookies.get("__Host-mars")!;
    const back = await browser.signInAt(await browser.begin(), "ann");
    // A cookie for Mars' own site is not sent when the browser comes from the issuer's.
    browser.cookies.delete("__Host-mars");
    await browser.open(back);
    expect(browser.cookies.get("__Host-mars")).not.toBe(before);
    const other = new TestBrowser(mars);
    other.cookies.set("__Host-mars", before);
    expect(await other.status()).toBe(401);
  });
});

describe("what does not sign in", () => {
  /** Changes one parameter of an address. */
  const changed = (url: URL, name: string, value = "x".repeat(43)) => {
    const other = new URL(url);
    other.searchParams.set(name, value);
    return other;
  };

  async function expectRefused(browser: TestBrowser, answer: Response, status: number): Promise<void> {
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/html; charset=utf-8"]);
    expect(browser.cookies.has("__Host-mars")).toBe(false);
  }

  test.each(["state", "iss"])("a %s that is not the issuer's", async (name) => {
    const browser = new TestBrowser(mars);
    const back = await browser.signInAt(await browser.begin(), "bob");
    await expectRefused(browser, await browser.open(changed(back, name)), name === "state" ? 403 : 401);
  });

  test.each(["nonce", "code_challenge"])("a %s that is not the one of Mars", async (name) => {
    const browser = new TestBrowser(mars);
    const back = await browser.signInAt(changed(await browser.begin(), name), "bob");
    await expectRefused(browser, await browser.open(back), 401);
  });

  test("a way back that was used before", async () => {
    const browser = new TestBrowser(mars);
    const back = await browser.signInAt(await browser.begin(), "bob");
    expect((await browser.open(back)).status).toBe(302);
    const again = new TestBrowser(mars);
    for (const [name, value] of browser.cookies) again.cookies.set(name, value);
    again.cookies.delete("__Host-mars");
    await expectRefused(again, await again.open(back), 403);
  });

  test("a code that was used before", async () => {
    const [one, two] = [new TestBrowser(mars), new TestBrowser(mars)];
    const back = await one.signInAt(await one.begin(), "bob");
    expect((await one.open(back)).status).toBe(302);
    const own = await two.signInAt(await two.begin(), "bob");
    await expectRefused(two, await two.open(changed(own, "code", back.searchParams.get("code")!)), 401);
  });

  test("a way back in a browser that has not begun it: a victim's, who would work as the attacker", async () => {
    const [attacker, victim] = [new TestBrowser(mars), new TestBrowser(mars)];
    const back = await attacker.signInAt(await attacker.begin(), "bob");
    await victim.begin();
    await expectRefused(victim, await victim.open(back), 403);
  });

  test("a refusal of the issuer", async () => {
    const browser = new TestBrowser(mars);
    const state = (await browser.begin()).searchParams.get("state")!;
    const query = new URLSearchParams({ state, error: "access_denied", iss: issuer.url });
    const forged = new TestBrowser(mars);
    const own = (await forged.begin()).searchParams.get("state")!;
    const text = new URLSearchParams({ state: own, error: "a text of a stranger", iss: issuer.url });
    await expectRefused(forged, await forged.open(`/auth/callback?${text}`), 401);
    expect(logged.join("")).not.toContain("a text of a stranger");
    const answer = await browser.open(`/auth/callback?${query}`);
    await expectRefused(browser, answer.clone() as Response, 401);
    expect(await answer.text()).toContain("has not confirmed this sign-in");
    expect(logged.join("")).toContain('"reason":"access_denied"');
  });
});

test.each([
  ["https://evil.test/", "/"],
  ["//evil.test/", "/"],
  ["/\\evil.test/", "/"],
  ["/.//evil.test/", "/"],
  ["/\t/evil.test/", "/"],
  ["javascript:alert(1)", "/"],
  ["/api/create_event", "/"],
  ["/auth/login", "/"],
  ["/search/event?message_id=1", "/search/event?message_id=1"],
])("a sign-in that should return to %p leads to %p", async (wanted, to) => {
  const browser = new TestBrowser(mars);
  const answer = await browser.signIn("bob", wanted);
  expect(answer.headers.get("location")).toBe(to);
});

test("the log has who signed in and why others did not, and no secret of it", async () => {
  const browser = new TestBrowser(mars);
  const back = await browser.signInAt(await browser.begin(), "bob");
  await browser.open(back);
  const text = logged.join("");
  expect(text).toContain('"event":"signed_in"');
  expect(text).toContain('"event":"sign_in_refused"');
  for (const secret of [back.searchParams.get("code")!, browser.cookies.get("__Host-mars")!, clientSecret]) {
    expect(text).not.toContain(secret);
  }
});

test("the groups may be in the ID token, and below another claim", async () => {
  const nested = { ann: { roles: ["mars-admins"] } };
  await using other = await startIssuer({ people: nested, inToken: true });
  await using own = await startMars({ ...settings(other.url), oidcClaim: "groups.roles" });
  const browser = new TestBrowser(own);
  await browser.signIn("ann");
  expect(await whoIs(browser)).toMatchObject({ kind: "ad" });
});

test("a session goes on after a restart by the roles of then, and ends where there is none", async () => {
  await using own = await startMars(settings(issuer.url));
  const browser = new TestBrowser(own);
  await browser.signIn("bob");
  const cookie = browser.cookies.get("__Host-mars")!;
  const at = (next: TestMars) => {
    const moved = new TestBrowser(next);
    moved.cookies.set("__Host-mars", cookie);
    return moved;
  };
  await using narrower = await own.restart({ oidcRoles: roles("shop-team=ro:shop") });
  expect(await whoIs(at(narrower))).toMatchObject({ kind: "ro", apps: ["shop"] });
  await using without = await narrower.restart({ oidcRoles: roles("mars-admins=ad:*") });
  expect(await at(without).status()).toBe(401);
});

test("while the issuer does not answer nobody signs in by it, and others still do by keys", async () => {
  const away = await startIssuer({ people });
  await using own = await startMars({ ...settings(away.url), adminKey: "x".repeat(40) });
  await away.close();
  const answer = await new TestBrowser(own).open("/auth/login");
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("cannot be used now")]);
  const init = { headers: { authorization: `Bearer ${"x".repeat(40)}` } };
  expect((await fetch(`${own.url}/api/messages`, init)).status).toBe(200);
});

test("without an issuer there is nothing at its paths", async () => {
  await using own = await startMars();
  for (const path of ["/auth/login", "/auth/callback?state=x&code=y"]) {
    expect((await fetch(own.url + path, { redirect: "manual" })).status).toBe(404);
  }
  expect(await (await fetch(`${own.url}/api/sign-in`)).json()).toMatchObject({ key: true, issuer: null });
});
