/** `GET /api/create_event` and `GET /api/test_socket`, for load tests and a first look. */
import { MarsError } from "../../core/error.ts";
import { receipts } from "../../core/receipt.ts";
import { checkEvent, type Problems } from "../../core/validate.ts";
import type { Gate } from "../http/gate.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoQuery, readQuery } from "./query-string.ts";
import type { HttpContext, Router } from "./router.ts";

const stages = ["created", "queued", "sent", "delivered", "opened"];

/** Adds the routes; without it these paths answer 404. */
export function addTestRoutes(router: Router, parts: Pick<EdgeParts, "ingest" | "live" | "gate">): void {
  router.get("/api/create_event", async (c) => {
    assertOwnGet(c, parts.gate);
    assertNoQuery(c.req.url);
    const now = receipts.next();
    const seq = await parts.ingest.accept([
      {
        appId: "test",
        messageId: crypto.randomUUID(),
        event: stages[Math.floor(Math.random() * stages.length)] ?? "created",
        createdAt: now,
        receivedAt: now,
        eventId: "",
        externalId: "",
        attributes: "",
      },
    ]);
    return answerJson(c, `{"success":true,"seq":${seq}}`);
  });

  router.get("/api/test_socket", (c) => {
    assertOwnGet(c, parts.gate);
    const { message_id, app_id = "test", event = "test_event" } = readQuery(c.req.url, testSocketParameters);
    const problems: Problems = { list: [] };
    const announced = checkEvent({ app_id, message_id, event }, receipts.next(), problems);
    if (announced === undefined) {
      const [first] = problems.list;
      const message = `${first?.field} ${first?.message}`;
      throw new MarsError("invalid_argument", message, { problems: problems.list });
    }
    parts.live.announce({ ...announced, seq: 0 });
    return answerJson(c, '{"success":true}');
  });
}

const testSocketParameters = ["message_id", "app_id", "event"] as const;

/**
 * These GETs change something. A HEAD must not make an event, and a page from elsewhere could name them as the address of
 * a picture.
 */
function assertOwnGet(c: HttpContext, gate: Gate): void {
  const refusal = gate.checkPage(c.req.raw.headers);
  if (refusal !== undefined) throw refusal;
  if (c.env?.head) throw new MarsError("method_not_allowed", "method must be GET, is HEAD");
}
