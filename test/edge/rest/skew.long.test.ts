/** Clocks of producers, through the front door. */
import { expect, test } from "bun:test";
import { startMars } from "../../support/mars.ts";
import { getJson, postJson, sendBulk } from "../../support/rest.ts";
import { get, type Json } from "./client.ts";

test("the clock that is wrong is named, after a restart too", async () => {
  await using mars = await startMars();
  const put = await get(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      stages: [{ event: "SENT" }, { event: "PAID", after: "SENT" }, { event: "DONE", after: "PAID" }],
      complete_on: ["DONE"],
    }),
  });
  expect(put.status).toBe(200);
  const now = Date.now();
  const events = Array.from({ length: 50 }, (_, n) => `m-${n}`).flatMap((message_id) =>
    // The clock of PAID is ahead by ten minutes, that of the others is right.
    (
      [
        ["SENT", -100],
        ["PAID", 600_000],
        ["DONE", -20],
      ] as const
    ).map(([event, ahead]) => {
      return { app_id: "shop", message_id, event, created_at: new Date(now + ahead).toISOString() };
    }),
  );
  const seq = await sendBulk(mars.url, events);
  const skew = await getJson<Json>(`${mars.url}/api/apps/shop/skew?min_seq=${seq}`);
  expect(skew.messages).toBe(50);
  const [paid, ...others] = skew.events;
  expect(paid).toMatchObject({ event: "PAID", samples: 50, early: [] });
  expect(paid.skew_ms).toBeWithin(590_000, 600_001);
  expect(paid.hint).toStartWith("the clock of its producer is ahead by ");
  const done = others.find(({ event }: Json) => event === "DONE");
  expect(done.early).toMatchObject([{ after: "PAID", early: 50, pairs: 50, early_by_ms: 600_020 }]);
  expect(done.hint).toContain("in 50 of 50 messages it is dated before PAID, by 600 s");

  // Both parts of a negative duration have its sign, or no client can read it.
  const answer = await postJson(`${mars.url}/mars.v1.LifecycleService/GetSkew`, { appId: "shop" });
  const { events: byRpc } = (await answer.json()) as Json;
  expect(byRpc[0].event).toBe("PAID");
  expect(Number.parseFloat(byRpc[0].delayMin)).toBe(paid.delay_min_ms / 1_000);

  await using again = await mars.restart();
  expect(await getJson<Json>(`${again.url}/api/apps/shop/skew`)).toEqual(skew);
  expect((await get(`${again.url}/api/apps/none/skew`)).status).toBe(404);
});
