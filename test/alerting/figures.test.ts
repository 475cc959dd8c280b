/** The figures of incidents: whole for one, bounded in lists, where they are read for each of many. */
import { expect, test } from "bun:test";
import { startMars } from "../support/mars.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

interface Shown {
  readonly figures: { readonly count: number; readonly count_exceeded: boolean; readonly new: number };
}

test("a list counts up to 1,000 messages of an incident, the incident itself all of them", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars({ alertAllow: ["127.0.0.1"] });
  const put = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${mars.url}/api/${path}`, {
      ...{ method: "PUT", headers, body: JSON.stringify(body) },
    });
    expect(response.status).toBe(200);
  };
  await put("apps/shop/lifecycle", {
    ...{ stages: [{ event: "A" }, { event: "B", within: "1ms" }], complete_on: ["B"], grace: "0s" },
  });
  await put("alerts/sinks/ops", { type: "webhook", url: receiver.url });
  await put("alerts/rules/stuck", { sinks: ["ops"] });
  const events = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ app_id: "shop", message_id: `m${index}`, event: "A" }));
  await sendBulk(mars.url, events(1_200));
  const one = () => getJson<Shown>(`${mars.url}/api/alerts/incidents/1`);
  await receiver.count(1);
  await until(
    async () => (await one()).figures.count === 1_200,
    () => "not all are counted",
  );
  expect((await one()).figures).toMatchObject({ count: 1_200, count_exceeded: false });
  const { incidents } = await getJson<{ incidents: Shown[] }>(`${mars.url}/api/alerts/incidents`);
  expect(incidents[0]!.figures).toMatchObject({ count: 1_000, count_exceeded: true });
});
