/** Parameters of every route: an unknown one is refused, with the nearest known name. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appRights } from "../../../src/core/rights.ts";
import { CallCounts } from "../../../src/edge/call-counts.ts";
import { createGate } from "../../../src/edge/http/gate.ts";
import { createHttpApp } from "../../../src/edge/http/http-app.ts";
import { Intake } from "../../../src/edge/intake.ts";
import type { EdgeParts } from "../../../src/edge/parts.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { get } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

/** Health checkers add to these what they like; see `health.ts`. */
const lenient = ["/livez", "/readyz"];

test("no route ignores a parameter that it does not know", async () => {
  const intake = new Intake({ admit() {} });
  const parts = {
    badges: appRights([]),
    calls: new CallCounts(),
    gate: createGate(),
    intake,
    testEndpoints: () => true,
  } as Partial<EdgeParts> as EdgeParts;
  // Those of the sign-in at an issuer answer by pages, and are not there without one; nor is a badge of an app that is not named. MCP and OTLP
  // have errors of their own; a webhook brings parameters of its sender.
  const others = /^\/[\w.]+\.\w+\/\w+$|^\/auth\/|^\/badge\/|^\/in\/|^\/mcp$|^\/v1\/(logs|traces)$/;
  const routes = createHttpApp(parts).router.routes.filter(({ path }) => !others.test(path));
  expect(routes.length).toBeGreaterThan(30);
  for (const { method, path } of routes) {
    const url = `${mars.url}${path.replaceAll(/:\w+/g, "x")}?topic=all&no_such=1`.replace(
      path === "/api/stream" ? "" : "topic=all&",
      "",
    );
    const { status, body } = await get(url, { method, headers: { "content-type": "application/json" } });
    if (lenient.includes(path)) expect([path, status]).toEqual([path, 200]);
    else expect([method, path, status, body.errors?.[0]?.field]).toEqual([method, path, 422, "no_such"]);
  }
});

test.each([
  ["/api/messages?status=open", "status is not known: did you mean state?"],
  ["/api/messages?attributes.total=12", "app_id is required with attributes"],
  ["/api/messages?appid=a&limti=3", "appid is not known: did you mean app_id?; 1 more problem"],
  ["/api/messages?app=a", "app is not known: did you mean app_id?"],
  ["/api/messages?page=2", "page is not known: known are app_id, "],
  ["/api/messages?State=open", "State is not known: did you mean state?"],
  ["/api/messages?%73tatus=open", "status is not known: did you mean state?"],
  ["/api/stream?topics=all", "topics is not known: did you mean topic?"],
  ["/api/q/stats?verbose", "verbose is not known: this call takes no parameters"],
  [`/api/messages?${"x".repeat(2000)}`, `${"x".repeat(64)} is not known`],
])("%s is refused with what was meant", async (path, detail) => {
  const answer = await get(mars.url + path);
  expect(answer.status).toBe(422);
  expect(answer.body.detail).toStartWith(detail);
});

test("an answer lists so many of them and no more", async () => {
  const names = Array.from({ length: 1000 }, (_, n) => `x${n}=1`).join("&");
  const { body } = await get(`${mars.url}/api/messages?${names}`);
  expect(body.errors).toHaveLength(100);
});

test("an empty query is none", async () => {
  for (const query of ["?", "?&", "?&&limit=1&"]) {
    expect((await get(`${mars.url}/api/messages${query}`)).status).toBe(200);
  }
});

test("a time whose + has become a blank is refused with a hint", async () => {
  for (const path of ["/api/messages", "/api/findings", "/api/apps/a/rates"]) {
    const at = "2026-03-01T12:00:00";
    const refused = await get(`${mars.url}${path}?since=${at}+02:00`);
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toContain("write it as %2B");
    expect((await get(`${mars.url}${path}?since=yesterday`)).body.detail).not.toContain("%2B");
  }
  expect((await get(`${mars.url}/api/messages?since=2026-03-01T12:00:00%2B02:00`)).status).toBe(200);
});
