import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { get, post } from "../rest/client.ts";

const adminKey = "an-admin-key-of-more-than-32-characters";
const json = { "content-type": "application/json" };
const admin = { ...json, authorization: `Bearer ${adminKey}` };

let mars: TestMars;
let basic: Record<string, string>;
beforeAll(async () => {
  mars = await startMars({ adminKey });
  const key = await post(`${mars.url}/api/keys`, { kind: "in", apps: ["shop"], name: "segment" }, admin);
  // As Segment's libraries send a write key: as the user, without a password.
  basic = { ...json, authorization: `Basic ${btoa(`${key.body.token}:`)}` };
});
afterAll(() => mars[Symbol.asyncDispose]());

const track = (more: Readonly<Record<string, unknown>> = {}) => ({
  type: "track",
  event: "Order Completed",
  messageId: "022bb90c-bbac-11e4-8dfc-aa07a5b093db",
  timestamp: "2026-01-31T12:00:00.250Z",
  userId: "u-1",
  properties: { order_id: "50314b8e", total: 27.5 },
  ...more,
});

const send = (batch: readonly unknown[], headers = basic) =>
  post(`${mars.url}/v1/batch`, { batch, sentAt: "2026-01-31T12:00:01Z" }, headers);

describe("POST /v1/batch", () => {
  test("takes calls of track by a key as the user of Basic; others are passed over", async () => {
    const identify = { type: "identify", userId: "u-1", traits: {} };
    const { status, body } = await send([identify, track(), track()]);
    expect([status, body]).toEqual([
      200,
      { success: true, accepted: 2, rejected: 0, ignored: 1, seq: expect.any(Number) },
    ]);
    const path = `/api/apps/shop/messages/50314b8e?min_seq=${body.seq}`;
    const { events } = (await get(mars.url + path, { headers: admin })).body;
    expect(events).toEqual([
      expect.objectContaining({
        event: "Order Completed",
        event_id: "022bb90c-bbac-11e4-8dfc-aa07a5b093db",
        created_at: "2026-01-31T12:00:00.250000Z",
        attributes: { order_id: "50314b8e", total: 27.5, user_id: "u-1" },
        duplicates: 1,
      }),
    ]);
  });

  test("says what is wrong with each call, and needs a good key", async () => {
    const { status, body } = await send([track({ properties: {} }), track({ event: "" }), track()]);
    expect([status, body.accepted, body.errors.map((one: { field: string }) => one.field)]).toEqual([
      207,
      1,
      ["properties.mars_message_id", "event"],
    ]);
    expect((await send([track({ event: 1 })])).status).toBe(422);
    expect((await send([track()], json)).status).toBe(401);
    expect((await post(`${mars.url}/v1/batch`, {}, basic)).status).toBe(422);
    // A key for every app needs an app in the call.
    const all = { ...json, authorization: `Basic ${btoa(`${adminKey}:`)}` };
    expect((await send([track()], all)).body.errors[0].field).toBe("context.app.name");
    expect((await send([track({ context: { app: { name: "web" } } })], all)).status).toBe(200);
  });
});
