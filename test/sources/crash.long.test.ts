/** Deliveries over kill -9: a sender sends again what had no answer of success, as all do; nothing is lost and nothing doubled. */
import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { until } from "../support/until.ts";

const deliveriesMax = 1_200;
const itemsOfOne = 5;
const kills = 5;
const senders = 8;
const secret = "a secret";

test("each delivery that was answered with success is stored, once", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-sources-"));
  const mars = new RestartedMars({ dataDir });
  try {
    const definition = {
      app_id: "shop",
      verify: { scheme: "github", secret },
      each: "body.items",
      message_id: "item.order",
      event: '"PAID"',
      event_id: "item.id",
    };
    const put = await mars.try("PUT", "/api/sources/shop", definition);
    expect(put?.status).toBe(200);

    let next = 0;
    let answered = 0;
    const send = async () => {
      for (let number = next++; number < deliveriesMax; number = next++) {
        const items = Array.from({ length: itemsOfOne }, (_, index) => ({
          id: `${number}.${index}`,
          order: `order-${number}`,
        }));
        while (!(await deliver(mars, JSON.stringify({ items })))) await Bun.sleep(5);
        answered += 1;
      }
    };
    const sending = Promise.all(Array.from({ length: senders }, send));
    for (let kill = 1; kill <= kills; kill++) {
      await until(
        async () => answered >= (kill * deliveriesMax) / (kills + 1),
        () => `${answered} answered`,
        60_000,
      );
      await mars.kill();
    }
    await sending;

    let stored = 0;
    await until(async () => {
      const read = await mars.try<{ apps: { app_id: string; events: number }[] }>("GET", "/api/apps");
      stored = read?.body.apps?.find(({ app_id }) => app_id === "shop")?.events ?? 0;
      return stored >= deliveriesMax * itemsOfOne;
    });
    expect(stored).toBe(deliveriesMax * itemsOfOne);
  } finally {
    await mars.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 120_000);

/** @returns whether it was answered with success */
async function deliver(mars: RestartedMars, body: string): Promise<boolean> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const url = await mars.url();
  const request = fetch(`${url}/in/shop`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    body,
  });
  const status = await request
    .then(
      async (response) => ((await response.text()) === "" ? 0 : response.status),
      // Killed.
      () => 0,
    )
    .catch(() => 0);
  // Or starting, or overloaded.
  if (![0, 200, 429, 503].includes(status)) throw new Error(`answered with ${status}`);
  return status === 200;
}
