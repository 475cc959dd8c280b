/** The health of Mars: `/status`, `/livez`, `/readyz`. */
import { MarsError } from "../../core/error.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoQuery } from "./query-string.ts";
import type { Router } from "./router.ts";

/** No more than that the process serves requests. */
const up = '{"status":"up"}';

export function addHealthRoutes(router: Router, parts: Pick<EdgeParts, "health">): void {
  router.get("/status", (c) => {
    assertNoQuery(c.req.url);
    return answerJson(c, up);
  });
  // Parameters are not checked: health checkers add their own, to get past caches.
  router.get("/livez", (c) => answerJson(c, up));

  router.get("/readyz", (c) => {
    const { state, unready, warnings } = parts.health();
    if (state === "serving" && unready === "") {
      return answerJson(c, JSON.stringify({ status: "ready", ...(warnings.length > 0 && { warnings }) }));
    }
    throw new MarsError("unavailable", unready === "" ? state : unready);
  });
}
