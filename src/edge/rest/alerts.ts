/** `/api/alerts/…`: rules, sinks, silences, incidents and deliveries. */

import {
  attemptToJson,
  deliveryPageToJson,
  incidentPageToJson,
  ruleToJson,
  silenceToJson,
  sinkToJson,
} from "../../alerting/alert-json.ts";
import { parseAlertId, parseRule, parseSilence, parseSink } from "../../alerting/parse-alert.ts";
import { MarsError } from "../../core/error.ts";
import { smallBodyBytesMax } from "../../core/limits.ts";
import { nowMicros } from "../../core/time.ts";
import { checkDeliveryQuery, checkIncidentQuery } from "../parse-alert-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readJson } from "./body.ts";
import { assertNoOtherFormat, bodyFormat } from "./media-type.ts";
import { assertNoQuery, decodeSegment, readQuery } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";

const incidentParameters = ["app_id", "rule", "state", "limit", "cursor"] as const;
const deliveryParameters = ["sink", "incident", "state", "limit", "cursor"] as const;

const success = JSON.stringify({ success: true });

export function addAlertRoutes(
  router: Router,
  {
    alerts,
    reader,
    changes,
    shares,
    intake,
  }: Pick<EdgeParts, "alerts" | "reader" | "changes" | "shares" | "intake">,
): void {
  const readBody = async (c: HttpContext) => {
    bodyFormat(c.req.raw.headers.get("content-type"), ["json"]);
    return readJson(intake, c, smallBodyBytesMax);
  };

  router.get("/api/alerts/rules", async (c) => {
    assertNoQuery(c.req.url);
    return answerJson(c, JSON.stringify({ rules: (await reader(callerOf(c)).alertRules()).map(ruleToJson) }));
  });
  router.put("/api/alerts/rules/:id", async (c) => {
    const caller = callerOf(c);
    const rule = parseRule(idOf(c), await readBody(c));
    await changes.run(caller, () => alerts.putRule(rule));
    return answerJson(c, JSON.stringify({ success: true, rule: ruleToJson(rule) }));
  });
  router.get("/api/alerts/rules/:id", async (c) => {
    const id = idOf(c);
    const rule = (await reader(callerOf(c)).alertRules()).find((one) => one.id === id);
    if (rule === undefined) throw noSuch("rule");
    return answerJson(c, JSON.stringify(ruleToJson(rule)));
  });
  router.delete("/api/alerts/rules/:id", async (c) => {
    const id = idOf(c);
    if (!(await changes.run(callerOf(c), () => alerts.deleteRule(id)))) throw noSuch("rule");
    return answerJson(c, success);
  });

  router.get("/api/alerts/sinks", async (c) => {
    assertNoQuery(c.req.url);
    return answerJson(c, JSON.stringify({ sinks: (await reader(callerOf(c)).alertSinks()).map(sinkToJson) }));
  });
  router.put("/api/alerts/sinks/:id", async (c) => {
    const caller = callerOf(c);
    const id = idOf(c);
    const target = parseSink(await readBody(c));
    const secret = await changes.run(caller, () => alerts.putSink(id, target));
    const sink = { ...sinkToJson({ ...target, id }), ...(secret !== undefined && { secret }) };
    return answerJson(c, JSON.stringify({ success: true, sink }));
  });
  router.get("/api/alerts/sinks/:id", async (c) => {
    const id = idOf(c);
    const sink = (await reader(callerOf(c)).alertSinks()).find((one) => one.id === id);
    if (sink === undefined) throw noSuch("sink");
    return answerJson(c, JSON.stringify(sinkToJson(sink)));
  });
  router.delete("/api/alerts/sinks/:id", async (c) => {
    const id = idOf(c);
    if (!(await changes.run(callerOf(c), () => alerts.deleteSink(id)))) throw noSuch("sink");
    return answerJson(c, success);
  });
  // `success` is that of the test: asking for it was no fault either way.
  router.post("/api/alerts/sinks/:id/test", async (c) => {
    assertNoOtherFormat(c.req.raw.headers.get("content-type"));
    const id = idOf(c);
    const { peer } = callerOf(c);
    const attempt = await shares.sink_tests.during(peer, "tests of sinks", () => alerts.testSink(id));
    if (attempt === undefined) throw noSuch("sink");
    const answer = { success: attempt.outcome === "delivered", attempt: attemptToJson(attempt) };
    return answerJson(c, JSON.stringify(answer));
  });

  router.get("/api/alerts/silences", async (c) => {
    assertNoQuery(c.req.url);
    const now = nowMicros();
    const silences = (await reader(callerOf(c)).alertSilences()).map((silence) =>
      silenceToJson(silence, now),
    );
    return answerJson(c, JSON.stringify({ silences }));
  });
  router.post("/api/alerts/silences", async (c) => {
    assertNoQuery(c.req.url);
    const caller = callerOf(c);
    const now = nowMicros();
    const wanted = parseSilence(await readBody(c), now);
    const silence = await changes.run(caller, () => alerts.addSilence(wanted));
    return answerJson(c, JSON.stringify({ success: true, silence: silenceToJson(silence, now) }));
  });
  router.delete("/api/alerts/silences/:id", async (c) => {
    const text = segmentOf(c);
    const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (!(await changes.run(callerOf(c), () => alerts.deleteSilence(id)))) throw noSuch("silence");
    return answerJson(c, success);
  });

  router.get("/api/alerts/incidents", async (c) => {
    const query = checkIncidentQuery(readQuery(c.req.url, incidentParameters));
    return answerJson(c, JSON.stringify(incidentPageToJson(await reader(callerOf(c)).alertIncidents(query))));
  });
  router.get("/api/alerts/deliveries", async (c) => {
    const query = checkDeliveryQuery(readQuery(c.req.url, deliveryParameters));
    return answerJson(
      c,
      JSON.stringify(deliveryPageToJson(await reader(callerOf(c)).alertDeliveries(query))),
    );
  });
}

function idOf(c: HttpContext): string {
  return parseAlertId(segmentOf(c));
}

/** The id of a call that takes nothing else. Not by Hono's parameters: they let a broken percent-encoding pass. */
function segmentOf(c: HttpContext): string {
  assertNoQuery(c.req.url);
  return decodeSegment(c.req.path.split("/")[4] ?? "", "id");
}

function noSuch(what: string): MarsError {
  return new MarsError("not_found", `there is no such ${what}`);
}
