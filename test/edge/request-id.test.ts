import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { transports } from "./rpc/clients.ts";

const uuid = /^[0-9a-f-]{36}$/;
const json = { "content-type": "application/json" };
const valid = { app_id: "a", message_id: "m", event: "e" };

let mars: TestMars;
const logged: Readonly<Record<string, unknown>>[] = [];
const note = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
  void logged.push({ message, ...fields });
beforeAll(async () => {
  const token = "an-admin-key-of-more-than-32-characters";
  mars = await startMars({ adminKey: token }, { debug: note, info: note, warn: note, error: note });
});
afterAll(() => mars[Symbol.asyncDispose]());

const key = { authorization: "Bearer an-admin-key-of-more-than-32-characters" };
const ask = (path: string, init: RequestInit, id?: string) => {
  const headers = { ...key, ...json, ...init.headers, ...(id !== undefined && { "x-request-id": id }) };
  return fetch(`${mars.url}${path}`, { ...init, headers });
};
const add = (event: object, id?: string) =>
  ask("/api/event", { method: "POST", body: JSON.stringify(event) }, id);
const idOf = (response: Response) => response.headers.get("x-request-id");

/** By path, from the hot call to what has no route. */
const refused: readonly [string, RequestInit][] = [
  ["/api/event", { method: "POST", body: "{}" }],
  ["/api/event/bulk", { method: "POST", body: '{"events":[{}]}' }],
  ["/api/apps/none/messages/none", {}],
  ["/api/messages?limits=1", {}],
  ["/nothing", {}],
  ["/api/event", { method: "PUT" }],
  ["/ws", {}],
  ["/api/keys", { headers: { origin: "https://elsewhere.example" }, method: "POST", body: "{}" }],
];

describe("an HTTP request", () => {
  test.each(refused)("that is refused at %s has its client's id", async (path, init) => {
    const response = await ask(path, init, "order-7/retry-2");
    const { request_id } = (await response.json()) as { request_id: string };
    expect([idOf(response), request_id]).toEqual(["order-7/retry-2", "order-7/retry-2"]);
    expect(response.status).toBeGreaterThanOrEqual(400);
  });

  test("that was the first with a refused event is in the log by its id", () => {
    expect(logged).toContainEqual({
      message: "events refused",
      event: "events_refused",
      door: "rest",
      reason: "invalid_argument",
      refused: 1,
      request_id: "order-7/retry-2",
      detail: expect.stringContaining("app_id"),
    });
  });

  test.each(refused)("that is refused at %s without an id gets one", async (path, init) => {
    const response = await ask(path, init);
    const { request_id } = (await response.json()) as { request_id: string };
    expect(request_id).toMatch(uuid);
    expect(idOf(response)).toBe(request_id);
  });

  test("that succeeds has the id that was sent, and none else", async () => {
    const answers = [await add(valid, "mine"), await ask("/api/messages", {}, "mine")];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(idOf)).toEqual(["mine", "mine"]);
    expect([await add(valid), await ask("/api/messages", {})].map(idOf)).toEqual([null, null]);
  });

  test.each(["x".repeat(129), "two words", "ä"])("does not get back the unsafe id %p", async (id) => {
    expect(idOf(await add({}, id))).toMatch(uuid);
    expect(idOf(await add(valid, id))).toBeNull();
  });

  test("that is denied is in the log by its id", async () => {
    const headers = { authorization: "Bearer no-key-at-all" };
    expect((await ask("/api/messages", { headers }, "denied-1")).status).toBe(401);
    expect(logged).toContainEqual(
      expect.objectContaining({ event: "access_denied", request_id: "denied-1" }),
    );
  });
});

describe.each(transports)("a call over %s", (_, open) => {
  const failure = async (headers: Record<string, string>) => {
    const client = createClient(IngestService, open({ httpPort: mars.httpPort, grpcPort: mars.grpcPort }));
    const error = await client.collectEvent({}, { headers }).then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    return { code: error?.code, id: error?.metadata.get("x-request-id") };
  };

  test("that is refused has its client's id, or a new one", async () => {
    const refusal = { code: Code.InvalidArgument, id: "mine" };
    expect(await failure({ ...key, "x-request-id": "mine" })).toEqual(refusal);
    expect(await failure({ "x-request-id": "mine" })).toEqual({ code: Code.Unauthenticated, id: "mine" });
    expect((await failure(key)).id).toMatch(uuid);
  });
});
