/** `GET /metrics`: the figures in Prometheus' formats, for a caller that may read every app. */
import { MarsError } from "../../core/error.ts";
import { contentTypes, preferredFormat, writeMetrics } from "../../metrics/exposition.ts";
import type { EdgeParts } from "../parts.ts";
import { answerText } from "./answer.ts";
import { assertNoQuery } from "./query-string.ts";
import { callerOf, type Router } from "./router.ts";

export function addMetricsRoute(
  router: Router,
  { access, requests, metrics }: Pick<EdgeParts, "access" | "requests" | "metrics">,
): void {
  router.get("/metrics", (c) => {
    const caller = callerOf(c, access);
    caller.identity.assertMay("read");
    if (!caller.identity.allApps) {
      throw new MarsError("permission_denied", "metrics are of every app, and this key is not");
    }
    assertNoQuery(c.req.url);
    return requests.during(caller, async () => {
      const format = preferredFormat(c.req.raw.headers.get("accept"));
      const text = writeMetrics(await metrics(caller), format);
      return answerText(c, text, {
        "content-type": contentTypes[format],
        "cache-control": "no-store",
        vary: "accept",
      });
    });
  });
}
