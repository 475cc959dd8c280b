/**
 * `npm run test:crash`: kills Mars at random moments under mixed load, starts it again on the same directory, and at
 * the end counts what was acknowledged, found, lost and doubled.
 *
 *     --rounds N          how many kills (default 100)
 *     --signal SIGTERM    ends it in order instead: it must exit 0, with everything stored
 *     --binary PATH       the compiled program instead of the source tree
 *     --seed N            the moments of the kills
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { spawnMars } from "../support/process.ts";
import { mulberry32 } from "../support/random.ts";
import { runClients } from "./clients.ts";
import { type Entry, Ledger } from "./ledger.ts";
import { verify } from "./verify.ts";
import { Watcher } from "./watcher.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    signal: { type: "string", default: "SIGKILL" },
    binary: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const rounds = Number(values.rounds);
const signal = values.signal === "SIGTERM" ? "SIGTERM" : "SIGKILL";
const random = mulberry32(Number(values.seed));
const command = values.binary === undefined ? undefined : [values.binary];

const dataDir = await mkdtemp(join(tmpdir(), "mars-crash-"));
const ledger = new Ledger();
const watcher = new Watcher();
const pending: Entry[][] = [];
const faults: string[] = [];
say(`${rounds} × ${signal}, seed ${values.seed}`);

for (let round = 1; round <= rounds; round++) {
  const mars = await spawnMars({ dataDir, ...(command && { command }) });
  watcher.connect(mars.url);
  const end = new AbortController();
  const clients = runClients(mars, ledger, pending, end.signal);
  await Bun.sleep(50 + random() * 700);
  // In mid-load: the clients stop only when their calls fail.
  const code = await mars.kill(signal);
  if (signal === "SIGTERM" && code !== 0) faults.push(`round ${round}: exit code ${code} on SIGTERM`);
  end.abort();
  watcher.disconnect();
  await clients;
  if (signal === "SIGTERM") {
    const { lost } = await verify(dataDir, ledger);
    if (lost > 0)
      faults.push(`round ${round}: ${lost} acknowledged events were not stored when Mars had stopped`);
  }
  if (round % 10 === 0 || round === rounds) say(`round ${round}: ${ledger.totals.acknowledged} acknowledged`);
}

// One more start replays what the last kill left in the journal.
const mars = await spawnMars({ dataDir, ...(command && { command }) });
const stats = await caughtUp(mars.url);
watcher.connect(mars.url);
await watcher.reached(stats.stored_seq, 30_000);
if ((await mars.kill("SIGTERM")) !== 0) faults.push("the last stop did not exit with 0");
watcher.disconnect();

const verdict = await verify(dataDir, ledger);
const missed = verdict.seqs.filter((seq, index) => watcher.seen[index] !== seq).length;
if (watcher.seen.length !== verdict.seqs.length || missed > 0) {
  faults.push(`the subscriber saw ${watcher.seen.length} events, ${verdict.seqs.length} are stored`);
}
faults.push(...ledger.faults, ...watcher.faults);
const { sent, acknowledged } = ledger.totals;
say(
  `sent ${sent}, acknowledged ${acknowledged}, found ${verdict.found}, lost ${verdict.lost}, doubled ${verdict.doubled}, ` +
    `foreign ${verdict.foreign}, seen by the subscriber ${watcher.seen.length}, integrity_check ${verdict.integrity}`,
);
for (const fault of faults.slice(0, 20)) say(`FAULT ${fault}`);
const ok =
  acknowledged > 0 &&
  verdict.lost + verdict.doubled + verdict.foreign + faults.length === 0 &&
  verdict.integrity === "ok, ok";
say(ok ? "PASS" : `FAIL; the files are in ${dataDir}`);
if (ok) await rm(dataDir, { recursive: true, force: true });
process.exit(ok ? 0 : 1);

async function caughtUp(url: string): Promise<{ stored_seq: number; behind: number }> {
  for (;;) {
    const { store } = (await (await fetch(`${url}/api/q/stats`)).json()) as {
      store: { stored_seq: number; behind: number };
    };
    if (store.behind === 0) return store;
    await Bun.sleep(20);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
