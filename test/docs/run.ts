/**
 * `npm run test:docs`: runs the commands of the documentation, those of a document in order, against a real Mars in a temporary directory
 * of its own, and compares what they print with what the documents show. `set-up/` has what some suppose. See `blocks.ts` for what is not run, and `answer.ts` for what is compared.
 *
 *     --binary PATH       the compiled program instead of the source tree
 *     --times             prints the seconds of each section
 *     documents           such as docs/guide.md, where not all are wanted
 *
 * Needs curl, openssl, sqlite3, grpcurl, ghz, jq, nats-server, nats, redis-server, Node and Python; and Go for its client.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Glob } from "bun";
import { freePort } from "../support/free-port.ts";
import { isShown } from "./answer.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { Session } from "./session.ts";

const { values, positionals } = parseArgs({
  options: { binary: { type: "string" }, times: { type: "boolean", default: false } },
  allowPositionals: true,
});
const root = join(import.meta.dir, "../..");
const all = [
  "README.md",
  ...new Glob("docs/*.md").scanSync(root),
  ...new Glob("clients/*/README.md").scanSync(root),
];
// `npm run test:first-day` has that one: it needs a Prometheus.
const documents =
  positionals.length > 0 ? positionals : all.filter((path) => path !== "docs/first-day.md").sort();
const program =
  values.binary === undefined
    ? `${process.execPath} --no-env-file ${join(root, "src/main.ts")}`
    : resolve(values.binary);
/** An answer may come a little after its command: an alert is sent when the number of findings is steady. */
const answerMs = 8_000;
const startMs = 30_000;
const atOnce = 4;

for (const tool of [
  "curl",
  "openssl",
  "sqlite3",
  "grpcurl",
  "ghz",
  "jq",
  "nats-server",
  "nats",
  "redis-server",
  "node",
  "python3",
]) {
  if (Bun.which(tool) === null) throw new Error(`${tool} is needed, and not here: see .ci/run`);
}

let failures = 0;
const waiting = documents.values();
// A document waits more than it works.
await Promise.all(Array.from({ length: atOnce }, runDocuments));
process.exit(failures === 0 ? 0 : 1);

async function runDocuments(): Promise<void> {
  for (const document of waiting) {
    const failed = await runDocument(document);
    failures += failed;
  }
}

/** @returns how many of its blocks failed */
async function runDocument(document: string): Promise<number> {
  const blocks = blocksOf(await Bun.file(join(root, document)).text());
  const directories: string[] = [];
  let session: Session | undefined;
  let stand: Stand | undefined;
  let [ran, compared, failed] = [0, 0, 0];
  const reasons: string[] = [];
  const times = new Map<string, number>();
  try {
    for (const block of blocks) {
      const { line, run, section } = block;
      const began = performance.now();
      if (run.notFor !== undefined) {
        reasons.push(`  not run: ${document}:${line}: ${run.notFor}`);
        continue;
      }
      if (session === undefined || stand === undefined || run.fresh) {
        await session?.close();
        stand = await makeStand();
        directories.push(stand.directory);
        session = new Session(stand.directory, stand.env);
        if (!run.serve) await serve(session, "mars");
        await setUp(document, session, stand);
      }
      if (run.file !== undefined) {
        await writeFile(join(stand.directory, run.file), stand.here(atMars(block.text, stand)));
        continue;
      }
      const faults = await runBlock(block, session, stand);
      times.set(section, (times.get(section) ?? 0) + performance.now() - began);
      ran += 1;
      compared += block.answers.length;
      if (faults.length === 0) continue;
      failed += 1;
      for (const fault of faults) say(`FAULT ${document}:${fault}`);
    }
  } finally {
    await session?.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
  for (const reason of reasons) say(reason);
  if (values.times) for (const [section, ms] of times) say(`| ${section} | ${(ms / 1_000).toFixed(1)} |`);
  say(
    `${failed === 0 ? "PASS" : "FAIL"} ${document}: ${ran} blocks ran, ${reasons.length} not, ${compared} answers compared, ${failed} failed`,
  );
  return failed;
}

/** @returns its faults, each with its line */
async function runBlock(
  { line, text, run, answers }: Block,
  session: Session,
  stand: Stand,
): Promise<string[]> {
  const faults: string[] = [];
  try {
    const setting = run.key === undefined ? "" : `export MARS_KEY=${lastKey(session, run.key)}\n`;
    const commands = setting + stand.here(run.here === true ? atMars(text, stand) : text);
    let from = session.printed().length;
    if (run.serve) await serve(session, commands);
    else {
      const outcome = await session.run(
        run.stopAfterMs === undefined ? commands : stopped(commands, run.stopAfterMs),
      );
      from = outcome.from;
      if (outcome.status !== (run.exit ?? 0))
        faults.push(`${line} ended with ${outcome.status}: ${session.errors}`);
    }
    for (const answer of answers) {
      const isThere = () => isShown(stand.here(answer.text), session.printed(from));
      await session
        .until(isThere, answerMs, "")
        .catch(() =>
          faults.push(`${answer.line} shows\n${answer.text}and this was printed:\n${session.printed(from)}`),
        );
    }
    const refused = /"success":false[^\n]*|"status":[45]\d\d[^\n]*/.exec(session.printed(from));
    if (refused !== null && !answers.some((one) => one.text.includes('"success":false')))
      faults.push(`${line} was refused: ${refused[0]}`);
  } catch (thrown) {
    faults.push(`${line}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  return faults;
}

/** Runs the commands, of which the last is a Mars, and waits until that is up. */
async function serve(session: Session, commands: string): Promise<void> {
  const from = session.printed().length;
  const lines = commands.trimEnd().split("\n");
  const last = lines.pop();
  await session.run(
    `${lines.join("\n")}\n[ -z "$serving" ] || { kill $serving; wait $serving; }\n${last} & serving=$!`,
  );
  await session.until(
    () => / is up: /.test(session.printed(from) + session.errors),
    startMs,
    "Mars is not up",
  );
}

function stopped(commands: string, ms: number): string {
  const each = commands.trimEnd().split(/(?<!\\)\n/);
  return each
    .map(
      (one) =>
        `( ${one} ) & stopping=$!; sleep ${ms / 1_000}; pkill -P $stopping; kill $stopping; wait $stopping 2>/dev/null; true`,
    )
    .join("\n");
}

/** With the address of this Mars for those of the examples. */
function atMars(text: string, { url }: Stand): string {
  return text.replaceAll(/https:\/\/[\w-]+\.example\.com/g, url);
}

/** What a document supposes that there is: messages, files, keys. */
async function setUp(document: string, session: Session, { here }: Stand): Promise<void> {
  const script = join(import.meta.dir, "set-up", `${document.replaceAll("/", "-").replace(/\.md$/, "")}.sh`);
  if (!existsSync(script)) return;
  const { status } = await session.run(`repository=${root}\n${here(await Bun.file(script).text())}`);
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${session.errors}`);
}

function lastKey(session: Session, kind: string): string {
  const key = session
    .printed()
    .match(new RegExp(`mars_${kind}_\\w{36}`, "g"))
    ?.at(-1);
  if (key === undefined) throw new Error(`no key of kind ${kind} was printed`);
  return key;
}

/** A directory with the command `mars`, and the ports that stand for those of the documents. */
interface Stand {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its Mars answers. */
  readonly url: string;
  /** The text with the ports of here. */
  here(text: string): string;
}

async function makeStand(): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), "mars-docs-"));
  const ports: Readonly<Record<string, number>> = {
    4000: await freePort(),
    4025: await freePort(),
    8080: await freePort(),
    9090: await freePort(),
    4222: await freePort(),
    5672: await freePort(),
    // Of RabbitMQ: its management, its nodes, and what knows their names.
    15672: await freePort(),
    25672: await freePort(),
    4369: await freePort(),
    6379: await freePort(),
  };
  const bin = join(directory, ".bin");
  await mkdir(bin);
  await writeFile(join(bin, "mars"), `#!/bin/sh\nexec ${program} "$@"\n`);
  await chmod(join(bin, "mars"), 0o755);
  for (const name of ["proto", "deploy"]) await symlink(join(root, name), join(directory, name));
  return {
    directory,
    url: `http://127.0.0.1:${ports[4000]}`,
    env: {
      // Profiles of this user are neither read nor written.
      XDG_CONFIG_HOME: join(directory, ".config"),
      PATH: `${bin}:${process.env.PATH}`,
      ...{ MARS_HTTP_PORT: String(ports[4000]), MARS_GRPC_PORT: String(ports[4025]) },
      // Nobody waits for ten seconds before the first finding.
      ...{ MARS_ALERT_ALLOW: "127.0.0.1", MARS_START_GRACE: "1s" },
    },
    here: (text) =>
      text.replaceAll(/(?<=:|listen\()(4000|4025|8080|9090|4222|4369|5672|6379|15672|25672)\b/g, (port) =>
        String(ports[port] ?? port),
      ),
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
