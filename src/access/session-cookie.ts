/**
 * The cookie that has a session's secret. Scripts cannot read it, and browsers send it with nothing that another site has
 * begun (`SameSite=Strict`): the page itself needs no cookie, so links to it work all the same.
 */
import { loginMs } from "./pending-logins.ts";
import { ageMicros } from "./session.ts";

/** The cookie's name over TLS: browsers take one of this prefix from this very host only, and never without TLS. */
const secureName = "__Host-mars";
const plainName = "mars_session";

export interface CookieOptions {
  /** Whether the browser speaks TLS. */
  readonly secure: boolean;
}

/** The same while a person is at the issuer, from whose site the browser comes back. */
const loginNames = { secure: "__Host-mars-login", plain: "mars_login" };

/** The value of `Set-Cookie` that gives a browser its session. */
export function sessionCookie(secret: string, { secure }: CookieOptions): string {
  return cookie(secure ? secureName : plainName, secret, {
    secure,
    seconds: ageMicros / 1_000_000,
    site: "Strict",
  });
}

/** The values of `Set-Cookie` that take it away, by either name. */
export const endedCookies: readonly string[] = [true, false].map((secure) =>
  cookie(secure ? secureName : plainName, "", { secure, seconds: 0, site: "Strict" }),
);

/**
 * The secret of the session in a `Cookie` header, by the name for TLS first.
 *
 * @param secureOnly by no other: a sibling host, or anyone on the way of a plain request, may have set the other one
 */
export function sessionSecretIn(header: string, secureOnly: boolean): string | undefined {
  return cookieIn(header, secureName) ?? (secureOnly ? undefined : cookieIn(header, plainName));
}

/** The value of `Set-Cookie` by which a browser is known again when it comes back; without a secret it is taken away. */
export function loginCookie(secret: string, { secure }: CookieOptions): string {
  const seconds = secret === "" ? 0 : loginMs / 1_000;
  return cookie(secure ? loginNames.secure : loginNames.plain, secret, { secure, seconds, site: "Lax" });
}

export function loginSecretIn(header: string, { secure }: CookieOptions): string | undefined {
  return cookieIn(header, secure ? loginNames.secure : loginNames.plain);
}

function cookie(
  name: string,
  value: string,
  { secure, seconds, site }: CookieOptions & { readonly seconds: number; readonly site: "Strict" | "Lax" },
): string {
  const flags = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${site}`;
  return `${name}=${value}; ${flags}${secure ? "; Secure" : ""}`;
}

/** The first cookie with this name: that of the longest path, and the oldest. */
function cookieIn(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const text = pair.trim();
    if (text.startsWith(`${name}=`)) return text.slice(name.length + 1);
  }
  return undefined;
}
