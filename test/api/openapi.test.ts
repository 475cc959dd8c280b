import { expect, test } from "bun:test";
import { openApiOf } from "../../src/api/openapi.ts";
import { operations } from "../../src/api/operations.ts";
import { parseDuration } from "../../src/core/duration.ts";
import { appRights } from "../../src/core/rights.ts";
import { CallCounts } from "../../src/edge/call-counts.ts";
import { createGate } from "../../src/edge/http/gate.ts";
import { createHttpApp } from "../../src/edge/http/http-app.ts";
import { Intake } from "../../src/edge/intake.ts";
import type { EdgeParts } from "../../src/edge/parts.ts";
import { startMars } from "../support/mars.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is looked into by path
const document: any = openApiOf(operations, "1.2.3");
const callOf = (rest: string) => {
  const [method = "", path = ""] = rest.split(" ");
  return document.paths[path]?.[method.toLowerCase()];
};

test("the document has each operation, with all of its parameters", () => {
  expect(document).toMatchObject({ openapi: "3.1.1", info: { title: "Mars", version: "1.2.3" } });
  const names = new Set<string>();
  for (const { name, rest, command } of operations) {
    const { operationId, parameters, responses, ...call } = callOf(rest);
    expect([operationId, call["x-mars-command"]]).toEqual([name, `mars ${command}`]);
    names.add(operationId);
    const inPath = [...rest.matchAll(/\{(\w+)\}/g)].map(([, segment]) => segment!);
    const found = parameters.filter((one: { in: string }) => one.in === "path");
    expect([name, found.map((one: { name: string }) => one.name).sort()]).toEqual([name, inPath.sort()]);
    for (const one of found) expect([name, one.required]).toEqual([name, true]);
    expect([name, responses[200].content["application/json"].schema.type]).toEqual([name, "object"]);
  }
  expect(names.size).toBe(operations.length);
});

test("the document has every other path of port 4000 too, but for RPCs, test endpoints and pages", () => {
  const parts = {
    gate: createGate(),
    intake: new Intake({ admit() {} }),
    badges: appRights([]),
    calls: new CallCounts(),
  } as Partial<EdgeParts> as EdgeParts;
  const routes = createHttpApp(parts).router.routes.filter(({ path }) => !/^\/[\w.]+\.\w+\/\w+$/.test(path));
  const calls = [
    ...routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
    ...["GET /ws", "GET /socket/websocket"],
  ].filter((call) => !/^GET \/(api\/(create_event|test_socket)|auth\/\w+)$/.test(call));
  expect(calls.filter((call) => callOf(call) === undefined)).toEqual([]);
  const documented = Object.values<object>(document.paths).flatMap((path) => Object.values(path));
  expect(documented).toHaveLength(calls.length);
  const ids = documented.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test("each call has an id, one sentence or more on it, a group and its errors", () => {
  const calls = Object.values<object>(document.paths).flatMap((path) => Object.values(path));
  for (const { operationId, summary, tags, responses } of calls) {
    expect([operationId, /^[a-z][A-Za-z]+$/.test(operationId), /\.$/.test(summary)]).toEqual([
      operationId,
      true,
      true,
    ]);
    expect([operationId, tags?.length, responses.default !== undefined]).toEqual([operationId, 1, true]);
  }
});

/** The shortest and the longest that the form of a duration lets through, and others that look like one. */
const durations = [
  "5m",
  "0s",
  "007d",
  "999999999999ms",
  "",
  "5",
  "m",
  "5 m",
  "5M",
  "1.5h",
  "-1s",
  "5min",
  "0000000000001s",
];

test("the schema of a duration is the form that is read", () => {
  const { parameters } = callOf("POST /api/keys/{id}/rotate");
  const { pattern } = parameters.find((one: { name: string }) => one.name === "overlap").schema;
  for (const text of durations) {
    expect([text, new RegExp(pattern).test(text)]).toEqual([text, parseDuration(text) !== undefined]);
  }
  expect(new RegExp(pattern).test("off")).toBe(true);
});

test("parameters and answers are those of the schemas", () => {
  const { parameters, responses } = callOf("GET /api/findings");
  const named = Object.fromEntries(parameters.map((one: { name: string }) => [one.name, one]));
  expect(named.limit).toMatchObject({
    in: "query",
    required: false,
    schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
  });
  expect(named.kind.schema.enum).toEqual(["missing", "late", "skipped", "failed", "abandoned"]);
  expect(named.stage_events.schema.type).toBe("array");
  const { properties } = responses[200].content["application/json"].schema;
  expect(properties.findings.items.properties.late_by_ms.type).toEqual(["number", "null"]);
  expect(responses.default.content["application/problem+json"].schema.$ref).toBe(
    "#/components/schemas/Problem",
  );
});

test("bodies are described, whether they are one field of the input or all that is not in the path", () => {
  const lifecycle = callOf("PUT /api/apps/{app_id}/lifecycle");
  const schema = lifecycle.requestBody.content["application/json"].schema;
  expect(Object.keys(schema.properties)).toEqual([
    "stages",
    "complete_on",
    "fail_on",
    "grace",
    "recovers",
    "reopen_on",
    "give_up",
    "journey_by",
  ]);
  expect(schema.required).toEqual(["stages", "complete_on"]);
  const rule = callOf("PUT /api/alerts/rules/{id}").requestBody.content["application/json"].schema;
  expect(rule.properties).toMatchObject({ sinks: { type: "array" } });
  expect(rule.properties.id).toBeUndefined();
  // Ending a session changes something, though it needs leave to read alone.
  for (const call of ["DELETE /api/alerts/rules/{id}", "DELETE /api/sessions/{id}"]) {
    const { schema } = callOf(call).responses[200].content["application/json"];
    expect(schema).toMatchObject({ properties: { success: { const: true } }, required: ["success"] });
  }
});

test("Mars serves it", async () => {
  await using mars = await startMars();
  const response = await fetch(`${mars.url}/openapi.json`);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiOf(operations, "test"))));
});
