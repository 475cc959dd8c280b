/**
 * `npm run test:findings`: random histories over four apps that depend on each other, sent to a Mars that is killed in between. Events
 * come shuffled, repeated, split over batches, late and from ahead. Lifecycles change meanwhile and follow what is stored, and people
 * mark what is found. In the end all that Mars shows must be what a naive model says: nothing missed, nothing false, nothing doubled.
 *
 *     --messages N        how many (default 3,000)
 *     --rounds N          how many kills (default 10)
 *     --binary PATH       the compiled program instead of the source tree
 *     --seed N            as a former run printed it; when the kills come is not a matter of it alone
 *
 * Nothing false means two things: what holds at the end is what the model says, and nothing was called missing whose
 * event had been acknowledged by then.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Stats } from "../../src/runtime/stats.ts";
import { mulberry32 } from "../support/random.ts";
import { RandomWorld } from "../support/random-world.ts";
import { FindingWatcher } from "./finding-watcher.ts";
import { RestartedMars } from "./restarted-mars.ts";
import { type Compared, compare } from "./world/check.ts";
import { calledTooEarly } from "./world/early.ts";
import { EventClient } from "./world/event-client.ts";
import { LifecycleClient } from "./world/lifecycle-client.ts";
import { findingText, isHolding, readFindings } from "./world/shown.ts";
import { TriageClient } from "./world/triage-client.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "3000" },
    rounds: { type: "string", default: "10" },
    binary: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const messages = Number(values.messages);
const rounds = Number(values.rounds);
const seed = Number(values.seed);
/** Ten minutes, of which `MARS_SKEW_MAX` is a half. */
const aheadBy = 600_000_000;
/** About how long a hop takes, and may take. */
const unitMs = 200;
const lifeMs = 1_500;
/** The longest deadline, what a message is given up after, and graces. */
const deadlinesMs = 11 * unitMs;

const dataDir = await mkdtemp(join(tmpdir(), "mars-findings-"));
say(`${messages} messages, ${rounds} × SIGKILL, seed ${seed}`);
const mars = new RestartedMars({
  dataDir,
  ...(values.binary !== undefined && { command: [values.binary] }),
  env: { MARS_START_GRACE: "300ms" },
});
/** Each client has numbers of its own, so that they do not depend on who comes first. */
const worldOf = (client: number) => new RandomWorld(mulberry32(seed * 10 + client), { unitMs, aheadBy });
const watcher = new FindingWatcher();
const events = new EventClient(mars, worldOf(1), aheadBy);
const lifecycles = new LifecycleClient(mars, worldOf(2));
const triage = new TriageClient(mars, worldOf(3), watcher);
const kills = worldOf(4);

watcher.connect(await mars.url());
await lifecycles.begin();
let sending = true;
const sender = events.run(messages, messages / (rounds + 1)).finally(() => {
  sending = false;
});
await Promise.all([
  sender,
  lifecycles.run(() => !sending),
  triage.run(() => !sending),
  (async () => {
    for (let round = 0; round < rounds; round++) {
      await Bun.sleep(500 + kills.below(1_200));
      await kill();
    }
  })(),
]);
await quiet(lifeMs + deadlinesMs);

// What people decide about a whole hop, and at once a crash.
const found = await readFindings(mars);
const faults: string[] = [];
for (const action of ["acknowledge", "resolve", "ignore"] as const) {
  const some = found.filter(({ retracted_at }) => retracted_at === null);
  if (some.length === 0) break;
  if (!(await triage.markGroup(kills.pick(some), action, await readFindings(mars))))
    faults.push(`${action}: another number of findings of a group than there are`);
  await kill();
  await quiet(0);
}

await lifecycles.check();
const compared = await compare({ mars, events, lifecycles, triage });
await mars.stop();
const early = calledTooEarly({ events, lifecycles }, watcher.changes, compared.model);
report(compared);

function report({ findings, model, missed, wrong, doubled, faults: others }: Compared): void {
  const stored = new Set(findings.filter(isHolding).map(findingText));
  const watched = new Set([...watcher.last.values()].filter(isHolding).map(findingText));
  for (const text of stored.symmetricDifference(watched)) faults.push(`published and stored differ: ${text}`);
  faults.push(...watcher.faults, ...lifecycles.faults, ...others);
  const kinds = [...Map.groupBy(findings.filter(isHolding), ({ kind }) => kind)];
  const { changes, backfills } = lifecycles.counts;
  say(
    `${model.length} messages, ${events.reports.length} reports, ${model.filter(({ runs }) => runs.length > 1).length} with several runs, ` +
      `${changes} changes of lifecycles with ${backfills} backfills, ${triage.calls} calls of triage with ${triage.marks.size} marks`,
  );
  say(
    `${stored.size} findings hold (${kinds.map(([kind, of]) => `${of.length} ${kind}`).join(", ")}), ${findings.length} were raised, ` +
      `${watcher.changes.length} changes published, ${early.judged} looked at for having been called missing too early, ${early.unknown} not`,
  );
  say(
    `${missed.length} missed, ${wrong.length + early.early.length} false, ${doubled.length} doubled, ${faults.length} other faults`,
  );
  const all = [
    ...missed.map((text) => `missed: ${text}`),
    ...wrong.map((text) => `false: ${text}`),
    ...doubled.map((text) => `doubled: ${text}`),
    ...early.early.map((one) => `early: ${JSON.stringify(one)}`),
    ...faults,
  ];
  for (const fault of all.slice(0, 40)) say(`FAULT ${fault}`);
  process.exitCode = stored.size > 0 && all.length === 0 ? 0 : 1;
  say(
    process.exitCode === 0
      ? "PASS"
      : `FAIL; the files are in ${dataDir}, the same histories come of --seed ${seed}`,
  );
}
if (process.exitCode === 0) await rm(dataDir, { recursive: true, force: true });
process.exit();

async function kill(): Promise<void> {
  watcher.disconnect();
  await mars.kill();
  watcher.connect(await mars.url());
}

/** Waits until everything is projected and every deadline has passed, with what the start-up grace takes. */
async function quiet(ms: number): Promise<void> {
  await Bun.sleep(ms + 1_300);
  for (;;) {
    const { store, projector, backfill } = await mars.read<Stats>("/api/q/stats");
    if (store.behind + projector.behind === 0 && backfill === null) break;
    await Bun.sleep(20);
  }
  const stored = await readFindings(mars);
  await watcher.reached(Math.max(0, ...stored.map(({ seq }) => seq)), 10_000);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
