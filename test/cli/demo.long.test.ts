/** The demo as a user runs it: a process, played into a Mars. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { demoApps } from "../../src/demo/apps.ts";
import { catalogueOf } from "../../src/demo/catalogue.ts";
import { get, type Json } from "../edge/rest/client.ts";
import { command, runCommand } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { startMars } from "../support/mars.ts";

// Not with a key of the directory in which the tests run.
const options = { cwd: "/", env: {} };
const demo = (...args: readonly string[]) => runCommand(["demo", ...args], options);

test("the demo's past has messages in every state, findings of every kind, a funnel and latencies, twice too", async () => {
  await using mars = await startMars();
  const play = () => demo("--url", mars.url, "--no-live", "--scale", "small");
  const counts = async () => {
    const { apps } = (await get(`${mars.url}/api/apps`)).body;
    expect(apps.map((app: Json) => app.app_id).sort()).toEqual(
      catalogueOf("")
        .map(({ appId }) => appId)
        .sort(),
    );
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
  for (const { appId } of catalogueOf("")) expect(once[appId].overdue).toBeGreaterThan(0);
  for (const kind of ["missing", "late", "skipped", "failed", "abandoned"]) {
    const { findings } = (await get(`${mars.url}/api/findings?kind=${kind}&limit=1`)).body;
    expect(findings.map((one: Json) => one.kind)).toEqual([kind]);
  }

  const links = [...stdout.matchAll(/ (http:\S+)$/gm)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200]);
  const order = links.find((link) => link.includes("/journeys/")) ?? "";
  const journey = (await get(order)).body;
  const apps = journey.messages.map((one: Json) => one.app_id);
  expect(apps).toContain("shop-orders");
  expect(apps).toContain("payments");
  const funnel = (await get(`${mars.url}/api/apps/shop-orders/funnel?since=24h`)).body;
  expect(funnel.opened.count).toBeGreaterThan(100);
  const latency = (await get(`${mars.url}/api/apps/payments/latency?since=24h`)).body;
  expect(latency.end_to_end.now.count).toBeGreaterThan(100);

  expect((await play()).exitCode).toBe(0);
  const twice = await counts();
  for (const { appId } of demoApps) expect(twice[appId].complete).toBeGreaterThan(1.5 * once[appId].complete);

  expect((await demo("--url", mars.url, "--remove")).exitCode).toBe(0);
  expect((await get(`${mars.url}/api/messages?limit=1`)).body.messages).toEqual([]);
  expect((await get(`${mars.url}/api/overdue?limit=1`)).body.overdue).toEqual([]);
});

test("live, the demo has a sink, rules, a silence and decisions, until it ends", async () => {
  await using mars = await startMars({ alertAllow: ["127.0.0.0/8"] });
  const args = ["--url", mars.url, "--scale", "small", "--days", "1"];
  const child = Bun.spawn(command(["demo", ...args]), { stdout: "pipe", stderr: "inherit" });
  let text = "";
  const live = Promise.withResolvers<void>();
  const printed = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("Going on live")) live.resolve();
    }
  })();
  await live.promise;
  expect(text).toContain("Notifications come to http://127.0.0.1:");
  const list = async (what: string) => (await get(`${mars.url}/api/alerts/${what}`)).body[what];
  expect((await list("rules")).length).toBeGreaterThan(3);
  expect((await list("sinks")).map((one: Json) => one.type)).toEqual(["webhook"]);
  expect((await list("silences")).length).toBe(1);
  for (const mark of ["acknowledged", "resolved", "ignored"]) {
    const { findings } = (await get(`${mars.url}/api/findings?triage=${mark}&state=any`)).body;
    expect([mark, findings.length > 0]).toEqual([mark, true]);
  }
  child.kill("SIGINT");
  expect(await child.exited).toBe(0);
  await printed;
  expect(text).toContain("Stopped.");
  for (const what of ["rules", "sinks", "silences", "calendars"])
    expect([what, await list(what)]).toEqual([what, []]);
});

test("where no Mars is, or an option is wrong, the demo says so", async () => {
  await using mars = await startMars();
  await mars.stop();
  const absent = await demo("--url", mars.url, "--no-live");
  expect(absent.exitCode).toBe(1);
  expect(absent.stderr).toContain(`cannot reach ${mars.url}`);
  const wrong = { "--scale": "huge", "--seed": "x", "--url": "mars", "--sed": "1", "--keep": "" };
  for (const [option, value] of Object.entries(wrong)) {
    const { exitCode, stderr } = await demo(
      ...(value === "" ? ["--url", mars.url, option] : [option, value]),
    );
    expect([option, exitCode]).toEqual([option, 2]);
    expect(stderr).toContain(option);
  }
});

test("without a Mars it has one of its own, which Ctrl-C ends with its directory, even if it comes twice at once", async () => {
  const [httpPort, grpcPort] = [String(await freePort()), String(await freePort())];
  const child = Bun.spawn(command(["demo", "--scale", "small", "--days", "1"]), {
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: process.env.PATH ?? "",
      MARS_URL: "http://127.0.0.1:1",
      MARS_HTTP_PORT: httpPort,
      MARS_GRPC_PORT: grpcPort,
    },
  });
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (!text.includes("Going on live")) continue;
    const [, url, dataDir = ""] = /is up: (\S+)\/ .* data (\S+)$/m.exec(text) ?? [];
    if (child.killed || !existsSync(dataDir)) continue;
    expect((await get(`${url}/api/overdue/groups`)).body.groups.length).toBeGreaterThan(3);
    child.kill("SIGINT");
    child.kill("SIGINT");
  }
  expect(await child.exited).toBe(0);
  expect(text).toStartWith(`A Mars of its own is up: http://127.0.0.1:${httpPort}/ (gRPC ${grpcPort}), `);
  const [, dataDir = ""] = / data (\S+)$/m.exec(text) ?? [];
  expect(text).toEndWith(`${dataDir} is removed.\n`);
  expect(existsSync(dataDir)).toBe(false);
  expect(await child.stderr.text()).toBe("mars: MARS_URL is not used: name a Mars that runs by --url\n");
});
