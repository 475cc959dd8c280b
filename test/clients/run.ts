/**
 * `npm run test:clients`: the client libraries' own tests, then each library against Mars while both are killed (SIGKILL) at random
 * moments, two processes with one buffer directory. At the end each event that a client accepted must be stored once, and each
 * that Mars rejects must have been reported. Fails where a tool is missing.
 *
 *     --binary PATH       the compiled program instead of the source tree
 *     --rounds N          kills of the clients (default 12)
 *     --seed N            the moments of the kills
 *     --only NAME         one library
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { openBeside } from "../support/beside.ts";
import { freePort } from "../support/free-port.ts";
import { mulberry32 } from "../support/random.ts";
import { libraries } from "./libraries.ts";
import { Reports } from "./reports.ts";

const { values } = parseArgs({
  options: {
    binary: { type: "string" },
    rounds: { type: "string", default: "12" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string" },
  },
});
const random = mulberry32(Number(values.seed));
const directory = await mkdtemp(join(tmpdir(), "mars-clients-"));
const port = String(await freePort());
const faults: string[] = [];
say(`seed ${values.seed}`);

const chosen = libraries.filter(({ name }) => values.only === undefined || name.startsWith(values.only));
for (const { name, checks, env } of chosen) {
  for (const check of checks) run(name, check, env);
}
if (faults.length === 0) await judge();
for (const fault of faults.slice(0, 20)) say(`FAULT ${fault}`);
say(faults.length === 0 ? "PASS" : `FAIL; the files are in ${directory}`);
if (faults.length === 0) await rm(directory, { recursive: true, force: true });
process.exit(faults.length === 0 ? 0 : 1);

async function judge(): Promise<void> {
  const command = values.binary === undefined ? undefined : [values.binary];
  const dataDir = join(directory, "data");
  const mars = new RestartedMars({ dataDir, env: { MARS_HTTP_PORT: port }, ...(command && { command }) });
  const url = await mars.url();
  const rejected = new Set<string>();
  const reports = chosen.flatMap((library) =>
    ["a", "b"].map(
      (part) => new Reports(library, part, { url, bufferDir: join(directory, library.name), rejected }),
    ),
  );
  const end = new AbortController();
  const kills = killAtRandom(mars, end.signal);
  try {
    await Promise.all(reports.map((report) => report.run(Number(values.rounds), random)));
    end.abort();
    say(`Mars was killed ${await kills} times`);
    // One more process of each finds Mars up, adopts what the killed ones left, and closes.
    await Promise.all(reports.map((report) => report.finish()));
  } finally {
    end.abort();
    await kills;
    await mars.stop();
  }

  const stored = await readStored(dataDir);
  for (const report of reports) {
    const { text, ok } = report.compare(stored);
    say(text);
    if (!ok) faults.push(text);
  }
  for (const { name } of chosen) {
    const left = await readdir(join(directory, name));
    if (left.length > 0) faults.push(`${name} left ${left.join(", ")} in its buffer`);
  }
  const foreign = [...stored.keys()].filter((key) => !reports.some(({ name }) => key.startsWith(`${name}-`)));
  if (foreign.length > 0) faults.push(`stored and not accepted: ${foreign.join(", ")}`);
}

async function killAtRandom(mars: RestartedMars, end: AbortSignal): Promise<number> {
  for (let kills = 0; ; kills++) {
    await Bun.sleep(500 + random() * 2_000);
    if (end.aborted) return kills;
    await mars.kill();
  }
}

/** How often each event is stored, by message and name. */
async function readStored(dataDir: string): Promise<Map<string, number>> {
  const database = openBeside({ dataDir });
  const { rows } = await database.execute(
    `SELECT m.message_id || ' ' || e.event AS key, count(*) AS count
     FROM events e JOIN messages m ON m.id = e.message GROUP BY 1`,
  );
  database.close();
  return new Map(rows.map(({ key, count }) => [String(key), Number(count)]));
}

function run(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { env: { ...process.env, ...env } });
  say(`${exitCode === 0 ? "ok    " : "FAILED"} ${name}: ${command.join(" ")}`);
  if (exitCode !== 0) faults.push(`${command.join(" ")}: ${stdout}${stderr}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
