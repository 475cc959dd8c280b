/** `/api/set-aside`: what could never be applied, to be looked at, replayed or deleted. */
import { MarsError } from "../../core/error.ts";
import { setAsidePageJson } from "../../core/json.ts";
import { checkPage } from "../parse-finding-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoOtherFormat } from "./media-type.ts";
import { assertNoQuery, readQuery } from "./query-string.ts";
import type { HttpContext, Router } from "./router.ts";

export function addSetAsideRoutes(router: Router, { setAside }: Pick<EdgeParts, "setAside">): void {
  router.get("/api/set-aside", async (c) => {
    const { limit, cursor } = checkPage(readQuery(c.req.url, ["limit", "cursor"]));
    return answerJson(c, setAsidePageJson(await setAside.list({ limit, cursor })));
  });
  router.post("/api/set-aside/:seq/replay", async (c) => {
    assertNoQuery(c.req.url);
    assertNoOtherFormat(c.req.raw.headers.get("content-type"));
    const seq = await setAside.replay(seqOf(c));
    if (seq === undefined) throw noSuch();
    return answerJson(c, JSON.stringify({ success: true, seq }));
  });
  router.delete("/api/set-aside/:seq", async (c) => {
    assertNoQuery(c.req.url);
    if (!(await setAside.remove(seqOf(c)))) throw noSuch();
    return answerJson(c, JSON.stringify({ success: true }));
  });
}

/** No seq is 0: what is no number is not there either. */
function seqOf(c: HttpContext): number {
  const text = c.req.path.split("/")[3] ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function noSuch(): MarsError {
  return new MarsError("not_found", "nothing is set aside under this seq");
}
