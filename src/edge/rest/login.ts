/**
 * `GET /auth/login` sends a browser to the issuer, `GET /auth/callback` is where it comes back. People see what goes wrong, so the answers are
 * pages.
 */
import { callbackPath, loginPath, type Oidc } from "../../access/oidc.ts";
import { loginCookie, loginSecretIn, sessionCookie } from "../../access/session-cookie.ts";
import { MarsError } from "../../core/error.ts";
import { noticePage } from "../http/notice-page.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { statusOf } from "../status.ts";
import { readQuery } from "./query-string.ts";
import { addressOf, type HttpContext, type Router } from "./router.ts";

const pathLengthMax = 2_048;

/** Adds the two. Without an issuer there is nothing at their paths. */
export function addLoginRoutes(router: Router, { signIn, log }: Pick<EdgeParts, "signIn" | "log">): void {
  const secure = () => ({ secure: signIn.secureOnly });

  router.get(loginPath, (c) =>
    asPage(c.req.raw, async () => {
      // Before anything is awaited: who has gone has no address.
      const { name: address } = addressOf(c);
      const { return_to } = readQuery(c.req.url, ["return_to"]);
      const sessionBefore = signIn.sessionSecretOf(c.req.raw.headers);
      const begun = await issuerOf(c).begin({ address, returnTo: pathOf(return_to), sessionBefore });
      return redirect(begun.url.href, loginCookie(begun.secret, secure()));
    }),
  );

  router.get(callbackPath, (c) =>
    asPage(c.req.raw, async () => {
      const { name: address } = addressOf(c);
      const { url, headers } = c.req.raw;
      const mark = url.indexOf("?");
      const query = mark === -1 ? "" : url.slice(mark + 1);
      const cookie = loginSecretIn(headers.get("cookie") ?? "", secure()) ?? "";
      const { person, login } = await issuerOf(c).finish(query, cookie);
      const { secret } = await signIn.byPerson(person, address, login.sessionBefore);
      return redirect(login.returnTo, sessionCookie(secret, secure()), loginCookie("", secure()));
    }),
  );

  function issuerOf(c: HttpContext): Oidc {
    const { oidc } = signIn;
    if (oidc !== undefined && c.env?.head === undefined) return oidc;
    throw new MarsError("not_found", "there is nothing at this path");
  }

  async function asPage(request: Request, answer: () => Promise<Response>): Promise<Response> {
    try {
      return await answer();
    } catch (thrown) {
      const error = MarsError.from(thrown);
      if (error.ours)
        log.error("request failed", { event: "request_failed", request_id: requestIdOf(request), error });
      const { http: status } = statusOf(error.code);
      return noticePage({ status, title: "Sign-in failed", text: error.message });
    }
  }
}

function redirect(to: string, ...cookies: readonly string[]): Response {
  const headers = new Headers({
    location: to,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 302, headers });
}

/** A path of Mars, with its query; the first page for everything else: nobody is sent elsewhere after a sign-in. */
function pathOf(text = "/"): string {
  const own = "http://mars.invalid";
  // Browsers read a backslash as a slash, so that //host and /\host are other hosts.
  if (!text.startsWith("/") || text.length > pathLengthMax || !URL.canParse(text, own)) return "/";
  const { origin, pathname, search } = new URL(text, own);
  const isOwn = origin === own && !pathname.startsWith("//") && !/^\/(?:api|auth)\//.test(pathname);
  return isOwn ? pathname + search : "/";
}
