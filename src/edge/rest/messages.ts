/** `GET /api/messages` and `GET /api/apps/{app_id}/messages/{message_id}`. */
import { MarsError } from "../../core/error.ts";
import { messageJson, pageJson } from "../../core/json.ts";
import { checkMessageQuery, checkMessageRead, goesByState } from "../parse-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { decodeSegment, readQuery } from "./query-string.ts";
import { callerOf, type Router } from "./router.ts";
import { visible } from "./visible.ts";

const listParameters = [
  "app_id",
  "message_id",
  "external_id",
  "event",
  "missing",
  "prefix",
  "state",
  "overdue_since",
  "stage",
  "stage_state",
  "after",
  "followed",
  "since",
  "until",
  "order",
  "limit",
  "cursor",
  "min_seq",
] as const;

export function addMessageRoutes(
  router: Router,
  parts: Pick<EdgeParts, "reader" | "progress" | "projected">,
): void {
  const { reader, progress, projected } = parts;

  router.get("/api/messages", async (c) => {
    const caller = callerOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, listParameters);
    const query = checkMessageQuery(fields);
    await visible(goesByState(query) ? projected : progress, min_seq, caller);
    return answerJson(c, pageJson(await reader(caller).list(query)));
  });

  router.get("/api/apps/:app_id/messages/:message_id", async (c) => {
    const caller = callerOf(c);
    const { min_seq, ...fields } = readQuery(c.req.url, ["order", "limit", "cursor", "min_seq"]);
    // Not by Hono's parameters: they let a broken percent-encoding pass.
    const [, , , appId = "", , messageId = ""] = c.req.path.split("/");
    const ids = [decodeSegment(appId, "app_id"), decodeSegment(messageId, "message_id")] as const;
    const read = checkMessageRead(...ids, fields);
    await visible(progress, min_seq, caller);
    const { message, asOfSeq } = await reader(caller).get(read);
    if (message === undefined) throw new MarsError("not_found", "no event of this message is stored");
    return answerJson(c, messageJson(message, asOfSeq));
  });
}
