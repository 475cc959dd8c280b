/** The settings of sign-in by an OpenID Connect issuer. */
import { isLoopback } from "../core/loopback.ts";
import { roles } from "./roles.ts";
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { optionalText, requiredText, ValueError } from "./values.ts";

type OidcNames =
  | "oidcIssuer"
  | "oidcClientId"
  | "oidcClientSecret"
  | "oidcScopes"
  | "oidcClaim"
  | "oidcRoles";

export const oidcSettings: { readonly [K in OidcNames]: Setting<Config[K]> } = {
  oidcIssuer: {
    name: "MARS_OIDC_ISSUER",
    default: "",
    unit: "URL",
    meaning:
      "OpenID Connect issuer by which people sign in, such as `https://login.example.com/realms/team`; needs `MARS_PUBLIC_URL`, and the address `/auth/callback` there must be registered with it. With it callers need a key or a session everywhere",
    parse: issuer,
  },
  oidcClientId: {
    name: "MARS_OIDC_CLIENT_ID",
    default: "",
    unit: "text",
    meaning: "Mars' name at the issuer",
    parse: optionalText,
  },
  oidcClientSecret: {
    name: "MARS_OIDC_CLIENT_SECRET",
    default: "",
    unit: "secret",
    meaning: "Its secret there; not set for a public client",
    secret: true,
    parse: optionalText,
  },
  oidcScopes: {
    name: "MARS_OIDC_SCOPES",
    default: "openid profile email groups",
    unit: "scopes",
    meaning: "What Mars asks the issuer about a person, separated by blanks; `openid` is one of them",
    parse: scopes,
  },
  oidcClaim: {
    name: "MARS_OIDC_CLAIM",
    default: "groups",
    unit: "name",
    meaning:
      "The claim with a person's groups or roles, in the ID token or else in the user info; `realm_access.roles` is the member `roles` of `realm_access`",
    parse: requiredText,
  },
  oidcRoles: {
    name: "MARS_OIDC_ROLES",
    default: "",
    unit: "roles",
    meaning:
      "Who may do what: `admins=ad:*;shop-team=rw:shop,shop-*;*=ro:*`. The first whose value the claim has counts, `*` for everyone; who has none may not sign in",
    parse: roles,
  },
};

function issuer(text: string): string {
  if (text === "") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !safe || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new ValueError(
      "must be a URL such as https://login.example.com, without a query; http: on the loopback only",
    );
  }
  return text;
}

function scopes(text: string): string {
  const list = text.split(/\s+/).filter((scope) => scope !== "");
  if (!list.includes("openid"))
    throw new ValueError("must be scopes separated by blanks, and openid one of them");
  return list.join(" ");
}
