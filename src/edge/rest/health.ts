/** The health of Mars: `/status`, `/livez`, `/readyz`. */
import { MarsError } from "../../core/error.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import type { Router } from "./router.ts";

export function addHealthRoutes(router: Router, parts: Pick<EdgeParts, "health">): void {
  // Parameters are not checked: health checkers add their own, to get past caches.
  // Both answer only that the process serves requests.
  router.get("/status", (c) => answerJson(c, '{"status":"up"}'));
  router.get("/livez", (c) => answerJson(c, '{"status":"up"}'));

  router.get("/readyz", (c) => {
    const { state, unready, warnings } = parts.health();
    if (state === "serving" && unready === "") {
      return answerJson(c, JSON.stringify({ status: "ready", ...(warnings.length > 0 && { warnings }) }));
    }
    throw new MarsError("unavailable", unready === "" ? state : unready);
  });
}
