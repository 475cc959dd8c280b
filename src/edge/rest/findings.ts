/** `GET /api/findings` and `GET /api/overdue`. */
import { nowMicros } from "../../core/time.ts";
import { findingPageToJson, overduePageToJson } from "../../lifecycle/json.ts";
import { checkFindingQuery, checkOverdueQuery } from "../parse-finding-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readQuery } from "./query-string.ts";
import { callerOf, type Router } from "./router.ts";
import { visible } from "./visible.ts";

const findingParameters = [
  "app_id",
  "message_id",
  "kind",
  "stage",
  "state",
  "since",
  "until",
  "order",
  "limit",
  "cursor",
  "min_seq",
] as const;

const overdueParameters = ["app_id", "stage", "limit", "cursor", "min_seq"] as const;

export function addFindingRoutes(router: Router, parts: Pick<EdgeParts, "reader" | "projected">): void {
  const { reader, projected } = parts;

  router.get("/api/findings", async (c) => {
    const caller = callerOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, findingParameters);
    const query = checkFindingQuery(fields);
    await visible(projected, min_seq, caller);
    return answerJson(c, JSON.stringify(findingPageToJson(await reader(caller).findings(query))));
  });

  router.get("/api/overdue", async (c) => {
    const caller = callerOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, overdueParameters);
    const query = checkOverdueQuery(fields);
    await visible(projected, min_seq, caller);
    return answerJson(
      c,
      JSON.stringify(overduePageToJson(await reader(caller).overdue({ ...query, clock: nowMicros() }))),
    );
  });
}
