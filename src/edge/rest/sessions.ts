/**
 * Sign-in and sign-out of browsers: what sets and takes cookies, and so is REST's own matter. The list of sessions, and the end of
 * others, are operations.
 */
import { loginPath } from "../../access/oidc.ts";
import { endedCookies, sessionCookie } from "../../access/session-cookie.ts";
import { throwIfAny, unknownField } from "../../api/problems.ts";
import { type FieldProblem, MarsError } from "../../core/error.ts";
import { problemsMax, smallBodyBytesMax } from "../../core/limits.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readJson } from "./body.ts";
import { assertNoOtherFormat, bodyFormat } from "./media-type.ts";
import { assertNoQuery } from "./query-string.ts";
import { addressOf, callerOf, type HttpContext, type Router } from "./router.ts";

/**
 * Adds `POST /api/sessions`, `DELETE /api/sessions/current`, and `GET /api/sign-in`: how people can sign in, and who has.
 *
 * @param urls `MARS_TRACE_URL` and `MARS_PUBLIC_URL`, which are shown to callers that Mars knows; empty for none
 */
export function addSessionRoutes(
  router: Router,
  {
    access,
    exposed,
    signIn,
    intake,
    gate,
  }: Pick<EdgeParts, "access" | "exposed" | "signIn" | "intake" | "gate">,
  urls: { readonly traceUrl: string; readonly publicUrl: string },
): void {
  router.post("/api/sessions", async (c) => {
    const { headers, url } = c.req.raw;
    // Before anything is awaited: who has gone has no address.
    const { name: address } = addressOf(c);
    assertNoQuery(url);
    bodyFormat(headers.get("content-type"), ["json"]);
    const token = tokenIn(await readJson(intake, c, smallBodyBytesMax));
    const { identity, session, secret } = await signIn.byKey(token, { address, headers });
    const { name, kind, apps } = identity;
    const body = { success: true, id: session.id, name, kind, apps };
    const cookie = sessionCookie(secret, { secure: isSecure(c.req.raw, signIn.secureOnly) });
    return withCookies(await answerJson(c, JSON.stringify(body)), [cookie]);
  });

  router.get("/api/sign-in", (c) => {
    assertNoQuery(c.req.url);
    const { oidc } = signIn;
    const issuer = oidc === undefined ? null : { host: oidc.host, path: loginPath };
    const caller = callerJson(c);
    const [trace_url, public_url] = [urls.traceUrl, urls.publicUrl].map((url) => (caller && url) || null);
    return answerJson(c, JSON.stringify({ key: true, issuer, caller, trace_url, public_url }));
  });

  router.delete("/api/sessions/current", async (c) => {
    const { headers, url } = c.req.raw;
    assertNoQuery(url);
    assertNoOtherFormat(headers.get("content-type"));
    if (!gate.fromOwnPage(headers)) {
      throw new MarsError(
        "permission_denied",
        "this is for Mars' own page: it takes the session from its cookie",
      );
    }
    await signIn.signOut(headers);
    return withCookies(await answerJson(c, '{"success":true}'), endedCookies);
  });

  /** As `whoAmI` has it; `null` for who has to sign in first. So a page can ask without a call that is refused. */
  function callerJson(c: HttpContext): object | null {
    try {
      const { id, name, kind, apps } = callerOf(c, access).identity;
      return { id, name, kind, apps, open_to_all: exposed };
    } catch (error) {
      if (error instanceof MarsError && error.code === "unauthenticated") return null;
      throw error;
    }
  }
}

/** Whether the browser speaks TLS, perhaps with a proxy: the page's origin says so. */
function isSecure({ url, headers }: Request, secureOnly: boolean): boolean {
  return secureOnly || url.startsWith("https:") || headers.get("origin")?.startsWith("https:") === true;
}

function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
}

function tokenIn(body: unknown): string {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throwIfAny([{ field: "", message: "must be a JSON object" }]);
  }
  const { token, ...others } = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(others).slice(0, problemsMax);
  const problems: FieldProblem[] = unknown.map((name) => unknownField(name, ["token"]));
  if (typeof token !== "string" || token.trim() === "") {
    problems.push({ field: "token", message: "is required, and is the text of a key" });
  }
  throwIfAny(problems);
  return (token as string).trim();
}
