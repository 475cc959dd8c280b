/** The health of Mars: `/status`, `/livez`, `/readyz`. */
import { MarsError } from "../../core/error.ts";
import type { Identify } from "../caller.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoQuery } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";

/** No more than that the process serves requests. */
const up = '{"status":"up"}';

/** Instead of the reasons, which name files, addresses and keys. */
const reasonHidden = "not ready: the reason is in the log, and here for a key that reads every app";

export function addHealthRoutes(router: Router, parts: Pick<EdgeParts, "health" | "access">): void {
  router.get("/status", (c) => {
    assertNoQuery(c.req.url);
    return answerJson(c, up);
  });
  // Parameters are not checked: health checkers add their own, to get past caches.
  router.get("/livez", (c) => answerJson(c, up));

  router.get("/readyz", (c) => {
    const { state, unready, warnings } = parts.health();
    const shown = mayReadAll(c, parts.access);
    if (state === "serving" && unready === "") {
      const seen = shown && warnings.length > 0 && { warnings };
      return answerJson(c, JSON.stringify({ status: "ready", ...seen }));
    }
    const reason = shown || state !== "serving" ? unready : reasonHidden;
    throw new MarsError("unavailable", reason === "" ? state : reason);
  });
}

/** A health check needs no key, and is answered with a wrong one, too. */
function mayReadAll(c: HttpContext, access: Identify): boolean {
  try {
    const { identity } = callerOf(c, access);
    return identity.allApps && identity.may("read");
  } catch (thrown) {
    if (thrown instanceof MarsError) return false;
    throw thrown;
  }
}
