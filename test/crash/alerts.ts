/**
 * `npm run test:alerts`: random growth and ends of trouble, silences, changes of rules and sinks, care for incidents and triage, over a
 * Mars that is killed in between, with receivers on a socket that fail at random. In the end the last notification of each receiver must
 * be true, none may have come out of order, and none twice but for a crash between its delivery and the record of that.
 *
 *     --rounds N          how many kills (default 8)
 *     --binary PATH       the compiled program instead of the source tree
 *     --seed N            as a former run printed it; when the kills come is not a matter of it alone
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultsOfLastWords, type Raised } from "../support/last-words.ts";
import { mulberry32 } from "../support/random.ts";
import { RandomWorld } from "../support/random-world.ts";
import { People } from "./alerting/people.ts";
import { Receivers } from "./alerting/receivers.ts";
import { RestartedMars } from "./restarted-mars.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "8" },
    binary: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
/** Within so long after it was accepted a delivery is on record. */
const recordMs = 3_000;
/** Longer than any window, and the time after which growth is notified. */
const settledMs = 4_000;
const timeoutMs = 60_000;

const dataDir = await mkdtemp(join(tmpdir(), "mars-alerts-"));
say(`${rounds} × SIGKILL, seed ${seed}`);
const mars = new RestartedMars({
  dataDir,
  ...(values.binary !== undefined && { command: [values.binary] }),
  env: { MARS_START_GRACE: "100ms", MARS_ALERT_ALLOW: "127.0.0.1" },
});
const worldOf = (client: number) =>
  new RandomWorld(mulberry32(seed * 10 + client), { unitMs: 1_000, aheadBy: 0 });
const receivers = new Receivers(worldOf(1));
const people = new People(mars, worldOf(2), receivers);
const times = worldOf(3);
const kills: number[] = [];

await people.begin();
let killing = true;
await Promise.all([
  people.run(() => !killing),
  (async () => {
    for (let round = 0; round < rounds; round++) {
      await Bun.sleep(400 + times.below(2_000));
      kills.push(Date.now());
      await mars.kill();
    }
    killing = false;
  })(),
]);
const troubled = await people.settle();
await quiet();

interface IncidentJson {
  readonly id: number;
  readonly rule: string;
  readonly app_id: string;
  readonly kind: string;
}
const active: IncidentJson[] = [];
for await (const one of mars.rows<IncidentJson>("/api/alerts/incidents?state=active", "incidents"))
  active.push(one);
interface FindingJson {
  readonly app_id: string;
  readonly raised_at: string;
  readonly state: string;
}
const raised = new Map<string, Raised[]>([...people.stuck.keys()].map((app) => [app, []]));
const findings = "/api/findings?kind=missing&state=any&triage=any&order=oldest";
for await (const { app_id, raised_at, state } of mars.rows<FindingJson>(findings, "findings"))
  raised.get(app_id)?.push({ at: Date.parse(raised_at) * 1_000, stuck: state === "current" });
await mars.stop();
const faults = faultsOfLastWords({
  words: receivers.words,
  active: active.map(({ app_id, ...one }) => ({ ...one, appId: app_id })),
  rules: [...people.rules.values()],
  leads: people.leads,
  stuck: new Map([...people.stuck].map(([app, ids]) => [app, ids.size])),
  raised,
  isTooSoon: () => false,
});
faults.push(...sentTwice());
for (const app of troubled) {
  for (const { id, appId = app } of people.rules.values()) {
    if (appId === app && !active.some((one) => one.rule === id && one.app_id === app))
      faults.push(`${id}: no incident of ${app} is active`);
  }
}
const accepted = receivers.arrivals.filter(({ acceptedAt }) => acceptedAt !== undefined).length;
const stuck = [...people.stuck.values()].reduce((sum, ids) => sum + ids.size, 0);
say(
  `${people.doings} doings, ${receivers.words.size} receivers, ${receivers.arrivals.length} deliveries of which ${accepted} were accepted, ` +
    `${active.length} incidents are active, ${stuck} messages stuck: ${faults.length} faults`,
);
for (const fault of faults.slice(0, 20)) say(`FAULT ${fault}`);
await receivers.close();
const ok = faults.length === 0 && accepted > 0;
say(ok ? "PASS" : `FAIL; the files are in ${dataDir}, the same history comes of --seed ${seed}`);
if (ok) await rm(dataDir, { recursive: true, force: true });
process.exit(ok ? 0 : 1);

/** Waits until every delivery has ended, and nothing has come for longer than any window. */
async function quiet(): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (let since = Date.now(); Date.now() - since < settledMs; ) {
    if (Date.now() > end) throw new Error("deliveries do not end");
    await Bun.sleep(200);
    const { deliveries } = await mars.read<{ deliveries: unknown[] }>("/api/alerts/deliveries?state=pending");
    if (deliveries.length > 0 || (receivers.arrivals.at(-1)?.arrivedAt ?? 0) > since) since = Date.now();
  }
}

/** Those that came again although they had been accepted, without a crash just then and without people who asked for it. */
function sentTwice(): string[] {
  return receivers.arrivals.flatMap(({ receiver, id, arrivedAt }, index) => {
    const before = receivers.arrivals
      .slice(0, index)
      .findLast((one) => one.receiver === receiver && one.id === id);
    if (before?.acceptedAt === undefined || people.sentAgain.has(id)) return [];
    const accepted = before.acceptedAt;
    const crashed = kills.some(
      (at) => at >= before.arrivedAt && at <= accepted + recordMs && at <= arrivedAt,
    );
    return crashed
      ? []
      : [`${id} came to ${receiver} again ${arrivedAt - accepted} ms after it was accepted`];
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
