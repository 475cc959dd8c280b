/** `GET /api/apps`, and of one app its `funnel`, `latency` and `rates`. */
import { appPageToJson, funnelToJson, latencyToJson, ratesToJson } from "../../lifecycle/json.ts";
import { checkPage, checkRateQuery, checkWindow } from "../parse-finding-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readQuery } from "./query-string.ts";
import { callerOf, type Router } from "./router.ts";
import { appOf } from "./segments.ts";
import { visible } from "./visible.ts";

const windowParameters = ["since", "until", "min_seq"] as const;

export function addStatisticsRoutes(router: Router, parts: Pick<EdgeParts, "reader" | "projected">): void {
  const { reader, projected } = parts;

  router.get("/api/apps", async (c) => {
    const caller = callerOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, ["limit", "cursor", "min_seq"]);
    const { cursor, limit } = checkPage(fields);
    await visible(projected, min_seq, caller);
    return answerJson(c, JSON.stringify(appPageToJson(await reader(caller).apps(cursor, limit))));
  });

  router.get("/api/apps/:app_id/funnel", async (c) => {
    const caller = callerOf(c);
    const app_id = appOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, windowParameters);
    const window = checkWindow(fields);
    await visible(projected, min_seq, caller);
    const funnel = await reader(caller).funnel(app_id, window);
    const messages = (filters: Readonly<Record<string, string>>) =>
      `/api/messages?${new URLSearchParams({ app_id, ...filters })}`;
    return answerJson(c, JSON.stringify(funnelToJson(funnel, messages)));
  });

  router.get("/api/apps/:app_id/latency", async (c) => {
    const caller = callerOf(c);
    const appId = appOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, windowParameters);
    const window = checkWindow(fields);
    await visible(projected, min_seq, caller);
    return answerJson(c, JSON.stringify(latencyToJson(await reader(caller).latency(appId, window))));
  });

  router.get("/api/apps/:app_id/rates", async (c) => {
    const caller = callerOf(c);
    const appId = appOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, [...windowParameters, "step"]);
    const query = checkRateQuery(appId, fields);
    await visible(projected, min_seq, caller);
    return answerJson(c, JSON.stringify(ratesToJson(await reader(caller).rates(query))));
  });
}
