/** `GET /api/create_event` and `GET /api/test_socket`, for load tests and a first look. */
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { receipts } from "../../core/receipt.ts";
import { checkEvent, type Problems } from "../../core/validate.ts";
import type { Identify } from "../caller.ts";
import type { Gate } from "../http/gate.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoQuery, readQuery } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";

/** The app of events that name none. */
const testApp = "test";
const stages = ["created", "queued", "sent", "delivered", "opened"];

/** Adds the routes. Their paths answer 404 while they are off. */
export function addTestRoutes(
  router: Router,
  parts: Pick<
    EdgeParts,
    "ingest" | "live" | "gate" | "access" | "testEndpoints" | "eventLimits" | "requests" | "doors"
  >,
): void {
  router.get("/api/create_event", async (c) => {
    assertOn(parts);
    assertOwnGet(c, parts.gate);
    const caller = mayIngest(c, parts.access, testApp);
    assertNoQuery(c.req.url);
    const now = receipts.next();
    const events = [
      {
        appId: testApp,
        messageId: crypto.randomUUID(),
        event: stages[Math.floor(Math.random() * stages.length)] ?? "created",
        createdAt: now,
        receivedAt: now,
        eventId: "",
        externalId: "",
        parentId: "",
        attributes: "",
      },
    ];
    parts.eventLimits.charge(caller, events);
    const seq = await parts.requests.during(caller, () => parts.ingest.accept(events));
    parts.doors.answered("rest", 1);
    return answerJson(c, `{"success":true,"seq":${seq}}`);
  });

  router.get("/api/test_socket", (c) => {
    assertOn(parts);
    assertOwnGet(c, parts.gate);
    const caller = mayIngest(c, parts.access);
    const { message_id, app_id = testApp, event = "test_event" } = readQuery(c.req.url, testSocketParameters);
    const problems: Problems = { list: [], sender: caller.identity };
    const announced = checkEvent({ app_id, message_id, event }, receipts.next(), problems);
    if (announced === undefined) {
      const [first] = problems.list;
      const message = `${first?.field} ${first?.message}`;
      const code = problems.denied === undefined ? "invalid_argument" : "permission_denied";
      throw new MarsError(code, message, { problems: problems.list });
    }
    parts.eventLimits.charge(caller, [announced]);
    parts.live.announce({ ...announced, seq: 0 });
    return answerJson(c, '{"success":true}');
  });
}

function assertOn({ testEndpoints }: Pick<EdgeParts, "testEndpoints">): void {
  if (!testEndpoints()) throw new MarsError("not_found", "there is nothing at this path");
}

const testSocketParameters = ["message_id", "app_id", "event"] as const;

/** @throws `MarsError` for a caller that may not report events, or not of this app */
function mayIngest(c: HttpContext, access: Identify, appId?: string): Caller {
  const caller = callerOf(c, access, "change");
  const { identity } = caller;
  identity.assertMay("ingest");
  if (appId === undefined || identity.mayApp(appId)) return caller;
  throw new MarsError("permission_denied", `this key is not for the app ${appId}`);
}

/**
 * These GETs change something. A HEAD must not make an event, and a page from elsewhere could name them as the address of
 * a picture.
 */
function assertOwnGet(c: HttpContext, gate: Gate): void {
  const refusal = gate.checkPage(c.req.raw.headers);
  if (refusal !== undefined) throw refusal;
  if (c.env?.head) throw new MarsError("method_not_allowed", "method must be GET, is HEAD");
}
