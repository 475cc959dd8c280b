import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config/parse.ts";
import { roles } from "../../src/config/roles.ts";
import { roleOf } from "../../src/core/role.ts";

const whole = {
  MARS_PUBLIC_URL: "https://mars.example.com",
  MARS_OIDC_ISSUER: "https://login.example.com/realms/team",
  MARS_OIDC_CLIENT_ID: "mars",
  MARS_OIDC_CLIENT_SECRET: "a-secret",
  MARS_OIDC_ROLES: "mars-admins=ad:*",
};

function problems(env: Record<string, string | undefined>): readonly string[] {
  const result = parseConfig({ argv: [], env, readFile: () => "" });
  return result.ok ? [] : result.problems;
}

describe("the settings of sign-in by an issuer", () => {
  test("are whole, and their secret is hidden", () => {
    const result = parseConfig({ argv: [], env: whole, readFile: () => "" });
    if (!result.ok) throw new Error(result.problems.join());
    expect(result.config.oidcRoles).toEqual([{ value: "mars-admins", kind: "ad", apps: ["*"] }]);
    expect(JSON.stringify(result.effective)).not.toContain("a-secret");
  });

  test.each(["MARS_PUBLIC_URL", "MARS_OIDC_CLIENT_ID", "MARS_OIDC_ROLES"])("need %s", (name) => {
    expect(problems({ ...whole, [name]: undefined })).toEqual([`MARS_OIDC_ISSUER needs ${name} beside it`]);
  });

  test("need an issuer", () => {
    expect(problems({ ...whole, MARS_OIDC_ISSUER: undefined })).toEqual(
      ["CLIENT_ID", "ROLES", "CLIENT_SECRET"].map(
        (name) => `MARS_OIDC_${name} needs MARS_OIDC_ISSUER beside it`,
      ),
    );
  });

  test.each([
    "login.example.com",
    "http://login.example.com",
    "https://login.example.com/?a=b",
    "https://a:b@login.example.com",
  ])("take no issuer %s", (url) => {
    expect(problems({ ...whole, MARS_OIDC_ISSUER: url })[0]).toContain("MARS_OIDC_ISSUER must be a URL");
  });

  test("take an issuer without TLS on the loopback only, and ask for openid at least", () => {
    expect(problems({ ...whole, MARS_OIDC_ISSUER: "http://127.0.0.1:8080" })).toEqual([]);
    expect(problems({ ...whole, MARS_OIDC_SCOPES: "profile" })[0]).toContain("openid one of them");
  });
});

describe("roles", () => {
  test("have that of everyone at the end, since nobody gets one after it", () => {
    expect(() => roles("*=ro:*;admins=ad:*")).toThrow("at the end");
    expect(() => roles("a=ro:a*b")).toThrow("must be roles");
  });

  test("give kinds and apps to values of the claim, which may have almost any form", () => {
    expect(roles(" cn=admins,ou=x = ad : * ; shop team=rw:shop, shop-* ;*=ro:*; ")).toEqual([
      { value: "cn=admins,ou=x", kind: "ad", apps: ["*"] },
      { value: "shop team", kind: "rw", apps: ["shop", "shop-*"] },
      { value: "*", kind: "ro", apps: ["*"] },
    ]);
    expect(roles("")).toEqual([]);
  });

  test.each(["admins", "admins=ad", "admins=in:*", "=ad:*", "admins=ad:", "admins=ad:a,,b"])(
    "%p are none",
    (text) => {
      expect(() => roles(text)).toThrow("must be roles such as");
    },
  );

  test("count in their order: a person has the first, and never two united", () => {
    const list = roles("admins=ad:*;shop=rw:shop;*=ro:*");
    expect(roleOf(list, ["shop", "admins"])?.kind).toBe("ad");
    expect(roleOf(list, ["shop"])).toMatchObject({ kind: "rw", apps: ["shop"] });
    expect(roleOf(list, [])).toMatchObject({ kind: "ro", apps: ["*"] });
    expect(roleOf(roles("shop=rw:shop"), ["bank"])).toBeUndefined();
  });
});
