/**
 * `npm run test:brokers`: collectors against real message brokers, each in a temporary directory, and a Mars in a process of its own. Both are
 * killed while messages come. Every event must be stored, and none twice. Alerts are published to a broker that is away at first.
 *
 *     --check NAME        only this one: alerts, away, behaviour, cloud-events, crashes, credentials, full-disk, large, rebalance,
 *                         tls, tombstones
 *     --engine NAME       only this one; default: all but those of SQS, whose server is slow
 *     --binary PATH       the compiled program instead of the source tree
 *     --messages N        of the run with kills (default 50,000)
 *     --kills N           of Mars meanwhile (default 10)
 *     --broker-kills N    of the broker meanwhile (default 3)
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runAlerts } from "./alerts.ts";
import { runAway } from "./away.ts";
import { runBehaviour } from "./behaviour.ts";
import { runCloudEvents } from "./cloud-events.ts";
import { runCrashes } from "./crashes.ts";
import { runCredentials } from "./credentials.ts";
import { ownChecks, slowEngines, testEngines } from "./engines/engines.ts";
import { runFullDisk } from "./full-disk.ts";
import { runLarge } from "./large.ts";
import { runRebalance } from "./rebalance.ts";
import { runTls } from "./tls.ts";
import { runTombstones } from "./tombstones.ts";

const { values } = parseArgs({
  options: {
    engine: {
      type: "string",
      multiple: true,
      default: Object.keys(testEngines).filter((name) => !slowEngines.includes(name)),
    },
    check: { type: "string", multiple: true },
    binary: { type: "string" },
    messages: { type: "string", default: "50000" },
    kills: { type: "string", default: "10" },
    "broker-kills": { type: "string", default: "3" },
  },
});

const checks = {
  ...{ alerts: runAlerts, "cloud-events": runCloudEvents, crashes: runCrashes, behaviour: runBehaviour },
  ...{ rebalance: runRebalance, credentials: runCredentials, away: runAway, "full-disk": runFullDisk },
  ...{ tls: runTls, large: runLarge, tombstones: runTombstones },
};
/** Checks of what other engines have not. */
const ownEngines: Readonly<Record<string, readonly string[]>> = {
  ...{ large: ["rabbitmq"], rebalance: ["kafka"], tombstones: ["kafka"] },
};
let failures = 0;
for (const engine of values.engine) {
  const start = testEngines[engine];
  if (start === undefined)
    throw new Error(`no such engine: ${engine}; there are ${Object.keys(testEngines)}`);
  for (const [name, check] of Object.entries(checks)) {
    if (values.check !== undefined && !values.check.includes(name)) continue;
    if (ownChecks[engine]?.includes(name) === false) continue;
    if (ownEngines[name]?.includes(engine) === false) continue;
    const directory = await mkdtemp(join(tmpdir(), `mars-${engine}-`));
    const began = performance.now();
    const seconds = () => ((performance.now() - began) / 1_000).toFixed(1);
    const broker = await start(directory, { tls: check === runTls });
    try {
      await broker.prepare();
      const figures = await check(broker, {
        directory,
        ...(values.binary !== undefined && { command: [values.binary] }),
        messages: Number(values.messages),
        kills: Number(values.kills),
        brokerKills: Number(values["broker-kills"]),
      });
      process.stdout.write(`ok     ${engine} ${name} (${seconds()} s): ${figures}\n`);
    } catch (error) {
      failures += 1;
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`FAILED ${engine} ${name} (${seconds()} s): ${reason}\n`);
    } finally {
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    }
  }
}
process.exit(failures === 0 ? 0 : 1);
