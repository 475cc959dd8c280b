/** The demo as a user runs it: a process, played into a Mars. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { demoApps } from "../../scripts/demo/apps.ts";
import { get, type Json } from "../edge/rest/client.ts";
import { startMars } from "../support/mars.ts";

const script = join(import.meta.dir, "../../scripts/demo/run.ts");

async function demo(...args: readonly string[]) {
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

test("a day of the demo has messages in every state, findings of every kind, a funnel and latencies, twice too", async () => {
  await using mars = await startMars();
  const play = () => demo("--url", mars.url, "--no-live", "--scale", "small");
  const counts = async () => {
    const { apps } = (await get(`${mars.url}/api/apps`)).body;
    expect(apps.map((app: Json) => app.app_id).sort()).toEqual(demoApps.map(({ appId }) => appId).sort());
    return Object.fromEntries(apps.map((app: Json) => [app.app_id, app.messages]));
  };

  const { stdout, stderr, exitCode } = await play();
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const once = await counts();
  for (const { appId } of demoApps) {
    expect(once[appId].complete).toBeGreaterThan(0);
    expect(once[appId].overdue).toBeGreaterThan(0);
    expect(once[appId].failed).toBeGreaterThan(0);
  }
  expect(once["parcel-tracking"].open).toBeGreaterThan(0);
  for (const kind of ["missing", "late", "skipped", "failed"]) {
    const { findings } = (await get(`${mars.url}/api/findings?kind=${kind}&limit=1`)).body;
    expect(findings.map((one: Json) => one.kind)).toEqual([kind]);
  }

  const links = [...stdout.matchAll(/ (http:\S+)$/gm)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200]);
  const order = links.find((link) => link.includes("external_id=")) ?? "";
  const apps = (await get(order)).body.messages.map((one: Json) => one.app_id);
  expect(apps).toContain("shop-orders");
  expect(apps).toContain("payments");
  const funnel = (await get(`${mars.url}/api/apps/shop-orders/funnel?since=24h`)).body;
  expect(funnel.opened.count).toBeGreaterThan(100);
  const latency = (await get(`${mars.url}/api/apps/payments/latency?since=24h`)).body;
  expect(latency.end_to_end.now.count).toBeGreaterThan(100);

  expect((await play()).exitCode).toBe(0);
  const twice = await counts();
  for (const { appId } of demoApps) expect(twice[appId].complete).toBeGreaterThan(1.5 * once[appId].complete);
});

test("where no Mars is, or an option is wrong, the demo says so", async () => {
  await using mars = await startMars();
  await mars.stop();
  const absent = await demo("--url", mars.url, "--no-live");
  expect(absent.exitCode).toBe(1);
  expect(absent.stderr).toContain(`no Mars answers at ${mars.url}`);
  const wrong = { "--scale": "huge", "--seed": "x", "--url": "mars", "--sed": "1" };
  for (const [option, value] of Object.entries(wrong)) {
    const { exitCode, stderr } = await demo(option, value);
    expect([option, exitCode]).toEqual([option, 2]);
    expect(stderr).toContain(option);
  }
});
