/**
 * Damage to the journal's files: one flipped bit at each of many places, the end cut off at each of many, and files that are
 * gone, over several segments whose events are nowhere else, as a kill -9 leaves them. An acknowledged event is there, or the
 * start is refused with the file and the place.
 *
 *     bun test/faults/journal.ts [--full] [--binary dist/mars]
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SegmentedJournal } from "../../src/journal/segmented-journal.ts";
import { spawnMars } from "../support/process.ts";
import { getJson, sendBulk, statsWhen } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const bytesMax = 512 * 1024;

type Outcome = "refused" | "unaffected";

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "mars-faults-journal-"));
  try {
    const image = await makeImage(join(root, "image"));
    const flips = await tryAll(image, join(root, "flips"), full ? 2_000 : 400, (path, at, bit) => {
      const bytes = readFileSync(path);
      bytes[at]! ^= 1 << bit;
      writeFileSync(path, bytes);
    });
    const cuts = await tryAll(image, join(root, "cuts"), full ? 500 : 120, (path, at) =>
      truncateSync(path, at),
    );
    const gone = await tryMissing(image, join(root, "gone"));
    const program = await tryProgram(join(root, "program"), binary);
    return `bit flips: ${figures(flips)}; truncations: ${figures(cuts)}; files gone: ${figures(gone)}; 0 silent losses; ${program}`;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Image {
  readonly directory: string;
  readonly lastSeq: number;
  readonly bodies: readonly string[];
}

/** The files as they are at some moment, without a word of farewell: the mark knows of nothing that was written. */
async function makeImage(directory: string): Promise<Image> {
  const journal = new SegmentedJournal({ directory: `${directory}-live`, bytesMax });
  await journal.open();
  const bodies: string[] = [];
  let seq = 0;
  // Small records, some that span sectors, some of which each has a file grow by more than zeros.
  for (let n = 0; n < 300; n++) {
    const body = JSON.stringify([1, n, "x".repeat([20, 400, 900, 6_000][n % 4]!)]);
    await journal.append({ firstSeq: seq + 1, lastSeq: seq + 1 + (n % 3), body });
    seq += 1 + (n % 3);
    bodies.push(body);
  }
  cpSync(`${directory}-live`, directory, { recursive: true });
  cpSync(`${directory}-live.mark`, `${directory}.mark`);
  await journal.close();
  return { directory, lastSeq: seq, bodies };
}

async function tryAll(
  image: Image,
  directory: string,
  count: number,
  damage: (path: string, at: number, bit: number) => void,
): Promise<Record<Outcome, number>> {
  const outcomes = { refused: 0, unaffected: 0 };
  const names = readdirSync(image.directory).sort();
  if (names.length < 5) throw new Error(`only ${names.length} segments`);
  for (let n = 0; n < count; n++) {
    copyImage(image, directory);
    const name = names[n % names.length]!;
    const path = join(directory, name);
    const { length } = readFileSync(path);
    const at = placeOf(n, readFileSync(path), length);
    const bit = Math.floor(Math.random() * 8);
    damage(path, at, bit);
    outcomes[await judge(image, directory, path, `${name} at byte ${at}, bit ${bit}`)] += 1;
  }
  return outcomes;
}

/** The oldest files are gone, one to all of them; and each by itself. */
async function tryMissing(image: Image, directory: string): Promise<Record<Outcome, number>> {
  const outcomes = { refused: 0, unaffected: 0 };
  const names = readdirSync(image.directory).sort();
  const missing = [...names.map((_, n) => names.slice(0, n + 1)), ...names.slice(1).map((name) => [name])];
  for (const some of missing) {
    copyImage(image, directory);
    for (const name of some) rmSync(join(directory, name));
    // A gap is named by the file before it.
    const first = names.indexOf(some[0]!);
    const named = some.length === names.length ? directory : join(directory, names[Math.max(0, first - 1)]!);
    outcomes[await judge(image, directory, named, `${some} deleted`)] += 1;
  }
  return outcomes;
}

/** In the header, in the last record, behind it, and anywhere. */
function placeOf(n: number, bytes: Buffer, length: number): number {
  let end = length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const random = (from: number, to: number) => from + Math.floor(Math.random() * Math.max(1, to - from));
  switch (Math.floor(n / 7) % 5) {
    case 0:
      return random(0, 1_024);
    case 1:
      return random(Math.max(0, end - 450), end);
    case 2:
      return Math.min(length - 1, random(end, end + 60));
    default:
      return random(0, end);
  }
}

function copyImage(image: Image, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  cpSync(image.directory, directory, { recursive: true });
  cpSync(`${image.directory}.mark`, `${directory}.mark`);
}

async function judge(image: Image, directory: string, path: string, what: string): Promise<Outcome> {
  const before = contentsOf(directory);
  const journal = new SegmentedJournal({ directory, bytesMax });
  try {
    const { lastSeq } = await journal.open();
    const bodies: string[] = [];
    for await (const { body } of journal.read(0, 64 * 1024)) bodies.push(body);
    if (lastSeq !== image.lastSeq || bodies.join() !== image.bodies.join())
      throw new Error(`SILENT LOSS: ${what}: seq ${lastSeq} of ${image.lastSeq}`);
    return "unaffected";
  } catch (error) {
    const { message } = error as Error;
    // Damage in one file may be seen where the next begins; it is named all the same.
    if (!/the journal is damaged: .+, at byte \d+/.test(message) || !message.includes(path)) throw error;
    if (contentsOf(directory) !== before) throw new Error(`${what}: a refused start has changed a file`);
    return "refused";
  } finally {
    await journal.close();
  }
}

function contentsOf(directory: string): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const name of readdirSync(directory).sort())
    hash.update(`/${name}/`).update(readFileSync(join(directory, name)));
  return hash.digest("hex");
}

/** The real program, killed: it refuses a damaged header, goes on when that is accepted, and keeps the file. */
async function tryProgram(dataDir: string, binary: string | undefined): Promise<string> {
  mkdirSync(dataDir);
  const command = binary === undefined ? [process.execPath, "src/main.ts"] : [binary];
  const mars = await spawnMars({ dataDir, command });
  for (let n = 0; n < 20; n++) {
    const events = Array.from({ length: 50 }, (_, k) => ({
      app_id: "a",
      message_id: `m${n}-${k}`,
      event: "E",
    }));
    await sendBulk(mars.url, events);
  }
  await mars.kill("SIGKILL");
  // Now the journal alone has them.
  for (const file of ["messages.db", "messages.db-wal", "messages.db-shm"])
    rmSync(join(dataDir, file), { force: true });
  const [name = ""] = readdirSync(join(dataDir, "journal"));
  const path = join(dataDir, "journal", name);
  const whole = readFileSync(path);
  const refused: string[] = [];
  for (const [what, damaged] of [
    ["header", flipped(flipped(whole, 30), 542)],
    ["last record", flipped(whole, whole.lastIndexOf("m19-49"))],
    ["cut", whole.subarray(0, whole.lastIndexOf("m19-49"))],
  ] as const) {
    writeFileSync(path, damaged);
    const child = Bun.spawn(
      [...command, "serve", "--data-dir", dataDir, "--http-port", "0", "--grpc-port", "0"],
      {
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    const [code, text] = [await child.exited, await new Response(child.stderr).text()];
    if (code !== 1 || !text.includes(path) || !/at byte \d+/.test(text))
      throw new Error(`${what}: exit ${code}: ${text}`);
    if (!readFileSync(path).equals(damaged)) throw new Error(`${what}: the file was changed`);
    refused.push(what);
  }
  const again = await spawnMars({
    dataDir,
    command,
    env: { MARS_ACCEPT_JOURNAL_LOSS: "1", MARS_LOG_LEVEL: "error" },
  });
  const stats = await statsWhen(again.url, ({ store }) => store.behind === 0);
  const { messages } = await getJson<{ messages: unknown[] }>(`${again.url}/api/messages?limit=1000`);
  await again.kill("SIGTERM");
  if (!readFileSync(`${path}.damaged`).equals(whole.subarray(0, whole.lastIndexOf("m19-49"))))
    throw new Error("the damaged file was not kept");
  if (messages.length < 900 || stats.journal.damaged_files !== 1)
    throw new Error(`kept ${messages.length} of 1000, ${stats.journal.damaged_files} damaged files`);
  return `the program refused ${refused.join(", ")} with file and place, and kept ${messages.length} of 1000 with --accept-journal-loss`;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 4;
  return copy;
}

function figures({ refused, unaffected }: Record<Outcome, number>): string {
  return `${refused + unaffected}, ${refused} refused with file and place, ${unaffected} without effect`;
}

if (import.meta.main) await runAlone(run);
