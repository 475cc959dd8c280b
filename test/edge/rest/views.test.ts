/** Views that people save: their own, those that others share, and nothing of apps that they may not read. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { adminKey, call } from "../../access/doors.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds
type Json = any;

let mars: TestMars;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  mars = await startMars({ adminKey });
  const keys = { ann: ["rw", ["shop"]], ben: ["rw", ["shop", "bank"]], eve: ["ro", ["shop"]] } as const;
  for (const [name, [kind, apps]] of Object.entries(keys)) {
    const { body } = await call(mars, "POST /api/keys", adminKey, { kind, apps, name });
    tokens[name] = (body as Json).token;
  }
});
afterAll(() => mars[Symbol.asyncDispose]());

const as = async (who: string, request: string, body?: unknown) => {
  const answer = await call(mars, request, who === "admin" ? adminKey : tokens[who]!, body);
  return { status: answer.status, body: answer.body as Json };
};
const names = async (who: string) =>
  (await as(who, "GET /api/views")).body.views.map(({ name }: Json) => name);

test("a view is its owner's until it is shared, and others see it then; after a restart, too", async () => {
  const address = "/messages?app_id=shop&attributes.region=north";
  expect(await as("ann", "PUT /api/views/north%20now", { address })).toMatchObject({
    status: 200,
    body: {
      success: true,
      name: "north now",
      address,
      app_id: "shop",
      shared: false,
      own: true,
      owner_name: "ann",
    },
  });
  expect(await names("ann")).toEqual(["north now"]);
  expect(await names("eve")).toEqual([]);
  await as("ann", "PUT /api/views/north%20now", { address, shared: true });
  expect((await as("eve", "GET /api/views")).body.views).toMatchObject([{ name: "north now", own: false }]);
  mars = await mars.restart();
  expect(await names("eve")).toEqual(["north now"]);
  // Another's view of the same name is another view.
  await as("ben", "PUT /api/views/north%20now", { address: "/stuck" });
  expect(await names("ben")).toEqual(["north now", "north now"]);
  expect((await as("ben", "DELETE /api/views/north%20now")).status).toBe(200);
  expect(await names("ann")).toEqual(["north now"]);
});

test("a view of an app is not seen, saved or deleted by those who may not read the app", async () => {
  const address = "/flow?app_id=bank";
  expect((await as("ann", "PUT /api/views/bank", { address })).status).toBe(403);
  await as("ben", "PUT /api/views/bank", { address, shared: true });
  expect(await names("ann")).not.toContain("bank");
  expect(await names("admin")).toContain("bank");
  const { views } = (await as("admin", "GET /api/views?app_id=bank")).body;
  expect((await as("ann", "GET /api/views?app_id=bank")).status).toBe(404);
  const { owner } = views[0];
  expect((await as("ann", `DELETE /api/views/bank?owner=${owner}`)).status).toBe(403);
  expect((await as("admin", `DELETE /api/views/bank?owner=${owner}`)).status).toBe(200);
  expect(await names("ben")).not.toContain("bank");
});

test("what is no address of the dashboard is refused, and so is a caller who may only read", async () => {
  for (const address of [
    "",
    "messages",
    "//example.com/",
    "/\\example.com",
    "https://example.com",
    `/${"x".repeat(4_096)}`,
  ]) {
    const { status, body } = await as("ann", "PUT /api/views/x", { address });
    expect([address.slice(0, 20), status, body.errors?.[0]?.field]).toEqual([
      address.slice(0, 20),
      422,
      "address",
    ]);
  }
  expect((await as("eve", "PUT /api/views/x", { address: "/" })).status).toBe(403);
});

test("an owner has 200 views at most", async () => {
  for (let count = 0; count < 200; count++) await as("admin", `PUT /api/views/v${count}`, { address: "/" });
  const { status, body } = await as("admin", "PUT /api/views/more", { address: "/" });
  expect([status, body.errors]).toEqual([
    422,
    [{ field: "name", message: "at most 200 views of one owner may be saved: delete one first" }],
  ]);
  expect((await as("admin", "PUT /api/views/v7", { address: "/tail" })).status).toBe(200);
  expect((await as("admin", "GET /api/views?limit=150")).body.views).toHaveLength(150);
});
