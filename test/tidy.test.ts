/** What can be checked of DESIGN's layout and of the manner in which the code is written. Each message says what to do. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");
const linesMax = 300;
const testLinesMax = 500;

/** The folders of ours that each folder of `src/` may import from, itself aside; what is above may not import what is below. */
const directions: Readonly<Record<string, readonly string[]>> = {
  gen: [],
  // Pure: what is meant, and the ports between parts.
  core: [],
  lifecycle: ["core"],
  learning: ["core", "lifecycle"],
  formats: ["core"],
  demo: ["core", "runtime"],
  statistics: ["core"],
  sources: ["core", "formats", "runtime"],
  // What every part that runs for long stands on.
  runtime: ["core"],
  // Of general use.
  http2: [],
  config: ["core"],
  access: ["core", "runtime"],
  alerting: ["core", "lifecycle", "runtime"],
  live: ["core", "lifecycle", "runtime"],
  maintenance: ["core", "runtime"],
  metrics: ["core", "runtime", "statistics"],
  tls: ["core", "runtime"],
  tracing: ["core", "runtime"],
  brokers: ["core", "runtime"],
  // What is on disk.
  db: ["core", "access", "lifecycle", "learning", "statistics", "alerting", "sources", "runtime", "gen"],
  directory: ["core", "runtime", "db"],
  journal: ["core", "runtime", "directory"],
  backup: ["core", "runtime", "directory", "journal", "db"],
  ingest: ["core", "runtime"],
  projection: ["core", "lifecycle", "statistics", "runtime", "db", "gen"],
  workers: ["core", "lifecycle", "learning", "sources", "runtime", "db", "directory", "projection", "backup"],
  // What users see.
  api: ["core", "access", "lifecycle", "learning", "statistics", "alerting", "sources", "runtime"],
  mcp: ["api", "core"],
  edge: [
    "api",
    "mcp",
    "core",
    "formats",
    "http2",
    "access",
    "lifecycle",
    "learning",
    "statistics",
    "alerting",
    "metrics",
    "sources",
    "runtime",
    "gen",
  ],
  ui: ["api", "core", "demo", "gen"],
  declared: ["api", "alerting", "config", "core", "lifecycle", "sources"],
  cli: ["api", "backup", "declared", "demo", "mcp", "config", "core", "runtime", "statistics"],
};

/** `app/`, `commands/` and files directly in `src/` put the parts together; each file knows these beside what is pure. */
const composers: Readonly<Record<string, readonly string[]>> = {
  "src/app/app.ts": ["access", "alerting", "db", "edge", "journal", "live", "maintenance", "tls", "workers"],
  "src/app/start.ts": ["directory", "edge"],
  "src/app/reads.ts": ["db", "workers"],
  "src/app/background.ts": ["access", "maintenance"],
  "src/commands/backup-commands.ts": ["backup", "cli", "db", "gen"],
  "src/app/collectors.ts": ["brokers", "edge", "formats"],
  "src/app/source-mapper.ts": ["brokers", "sources"],
  "src/app/cloud-events-mapper.ts": ["brokers", "formats"],
  "src/app/environment-collectors.ts": ["brokers"],
  "src/app/collector-files.ts": ["brokers"],
  "src/app/backups.ts": ["backup", "db", "workers"],
  "src/app/callers.ts": ["access", "edge"],
  "src/app/mars-stats.ts": ["access", "alerting", "brokers", "edge", "maintenance", "tls"],
  "src/app/servers.ts": ["edge", "tls"],
  "src/command.ts": ["cli", "edge", "tls"],
  "src/commands/client-host.ts": ["cli"],
  "src/main.ts": ["edge"],
  "src/commands/own-mars.ts": ["cli", "edge"],
  "src/main-deno.ts": ["edge", "http2"],
  "src/app/database-threads.ts": ["db", "workers"],
  "src/app/configuration.ts": ["brokers", "declared"],
  "src/app/declarations.ts": ["api", "declared"],
  "src/app/definitions.ts": ["edge", "workers"],
  "src/app/logged-store.ts": ["workers"],
  "src/app/pipeline-options.ts": ["ingest", "projection"],
  "src/app/topics.ts": ["alerting", "live"],
  "src/app/sources.ts": ["sources", "workers"],
  "src/app/pipeline.ts": ["ingest", "projection", "maintenance"],
  "src/app/pipeline-stats.ts": ["ingest", "projection", "maintenance"],
  "src/app/process-stats.ts": ["db", "maintenance"],
  "src/app/scrape.ts": ["metrics", "statistics"],
  "src/threads.ts": ["db", "workers"],
  "src/app/tracing.ts": ["tracing"],
  "src/app/warnings.ts": ["db"],
  "src/commands/doctor.ts": ["db", "directory", "journal"],
};

/** Which of these folders know which. */
const composing: Readonly<Record<string, readonly string[]>> = {
  "": ["app", "commands"],
  app: [""],
  commands: ["", "app"],
};

/** Where each third-party package may be named. */
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  preact: ["ui"],
  "@preact/signals": ["ui"],
  uplot: ["ui"],
  hono: ["edge"],
  "@connectrpc/connect": ["edge"],
  "@bufbuild/protobuf": ["edge", "gen"],
  "@marcbachmann/cel-js": ["sources"],
  "@libsql/client": ["db", "directory", "projection", "workers"],
  libsql: ["db"],
  "ipaddr.js": ["alerting"],
  nodemailer: ["alerting"],
  "openid-client": ["access"],
  standardwebhooks: ["alerting"],
  "@modelcontextprotocol/sdk": ["mcp"],
  yaml: ["config"],
  "@nats-io/jetstream": ["brokers"],
  "@nats-io/transport-node": ["brokers"],
  amqplib: ["brokers"],
  "@platformatic/kafka": ["brokers"],
  "mqtt-packet": ["brokers"],
  aws4fetch: ["brokers"],
  zod: ["api", "mcp"],
};

/** The files that another runtime would have to replace. Keep this list short. */
const bunFiles = [
  "src/edge/http/bun-server.ts",
  "src/http2/bun-transport.ts",
  "src/runtime/garbage.ts",
  "src/brokers/redis/redis-engine.ts",
];

const importing =
  /^(?:import|export)\s[^"=;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

interface Source {
  readonly path: string;
  /** The folder in `src/`, empty for what lies directly in it. */
  readonly folder: string;
  readonly text: string;
  /** Without comments, so that speaking of a thing is not using it. */
  readonly code: string;
  readonly imports: readonly string[];
}

const sources = read("src/**/*.{ts,tsx}").filter(({ path }) => !path.endsWith(".d.ts"));
const written = sources.filter(({ folder }) => folder !== "gen");

test("parts import the vocabulary and never each other; they meet in app.ts", () => {
  const faults = sources.flatMap(({ path, folder, imports }) =>
    imports
      .filter((name) => name.startsWith("."))
      .map((name) => folderOf(normalize(join(dirname(path), name))))
      .filter((target) => target !== folder && !allowed(path, folder).includes(target))
      .map(
        (target) =>
          `${path} imports ${target}/: ask for a port of core/ports.ts, and let app.ts connect the two`,
      ),
  );
  expect(faults).toEqual([]);
});

test("each third-party package stays in its folder", () => {
  const faults = written.flatMap(({ path, folder, imports }) =>
    imports
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !/^bun(:|$)/.test(name))
      .map(packageOf)
      .filter((name) => !packageHomes[name]?.includes(folder))
      .map(
        (name) => `${path} imports ${name}: use it in ${packageHomes[name]?.join(" or ") ?? "no file"} only`,
      ),
  );
  expect(faults).toEqual([]);
});

test("the process itself is touched by command.ts alone", () => {
  const uses = {
    "process.env": "make it a setting in config.ts",
    "process.argv": "make it a setting in config.ts",
    "process.exit": "throw, or report through Mars.failed",
    "process.on(": "take an AbortSignal, or be stopped by app.ts",
    "Bun.env": "make it a setting in config.ts",
    "Bun.argv": "make it a setting in config.ts",
    "import.meta.env": "make it a setting in config.ts",
  };
  const faults = written
    .filter(({ path }) => path !== "src/command.ts")
    .flatMap(({ path, code }) =>
      Object.entries(uses)
        .filter(([use]) => code.includes(use))
        .map(([use, instead]) => `${path} says ${use}: ${instead}`),
    );
  expect(faults).toEqual([]);
});

test("Bun's own interfaces are used in the named files only", () => {
  const faults = written
    .filter(({ path, folder }) => !bunFiles.includes(path) && folder !== "ui")
    .filter(({ code, imports }) => /\bBun\b/.test(code) || imports.some((name) => /^bun(:|$)/.test(name)))
    .map(
      ({ path }) => `${path} needs Bun: use a web standard or node:*, or move it to ${bunFiles.join(", ")}`,
    );
  expect(faults).toEqual([]);
});

test("nothing is written to the console but by command.ts and the log", () => {
  const faults = written
    .filter(({ path, folder }) => !["src/command.ts", "src/runtime/log.ts"].includes(path) && folder !== "ui")
    .filter(({ code }) => /\bconsole\.|process\.(stdout|stderr)/.test(code))
    .map(({ path }) => `${path} writes to the console: use the Log it is given`);
  expect(faults).toEqual([]);
});

test("files stay short enough to be read", () => {
  const files = [...written, ...read("scripts/**/*.ts"), ...read("test/**/*.ts"), ...read("bench/**/*.ts")];
  files.push(...read("clients/*/src/**/*.{ts,py}"), ...read("clients/go/*.go"));
  const faults = files
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ path, lines }) => lines > (path.startsWith("test/") ? testLinesMax : linesMax))
    .map(({ path, lines }) => `${path} has ${lines} lines: split it by what changes together`);
  expect(faults).toEqual([]);
});

test("every file begins by saying what it is", () => {
  const faults = written
    .filter(({ folder }) => folder !== "ui")
    .filter(({ text }) => !text.startsWith("/**") && !text.startsWith("//"))
    .map(({ path }) => `${path} does not say what it is: begin it with a comment`);
  expect(faults).toEqual([]);
});

test("each fault of the documentation has one row, in the table, and tests that are there", () => {
  const lines = readFileSync(join(root, "docs/reliability.md"), "utf8").split("\n");
  const end = lines.indexOf("## What remains");
  const rows = lines.slice(0, end).filter((line) => /^\| (?!---|fault \||\*\*)/.test(line));
  const faults = rows.flatMap((row) => {
    const tests = [...(row.split(" | ").at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    const missing = tests.filter((path) => !path.startsWith("test/") || !existsSync(join(root, path)));
    return tests.length === 0 || missing.length > 0 ? [`no test, or no path of one: ${row}`] : [];
  });
  const astray = lines
    .slice(end)
    .filter((line) => line.includes(".test.ts`") || line.startsWith("| fault |"));
  faults.push(
    ...astray.map((line) => `beside the table, as after a merge; its place is under its kind: ${line}`),
  );
  expect(faults).toEqual([]);
  expect(rows.length).toBeGreaterThan(50);
});

test("statements number all of their parameters or none", () => {
  const mixed = read("src/{db,projection}/**/*.ts").flatMap(({ path, code }) =>
    [...code.matchAll(/`[^`]*`/g)]
      .map(([text]) => text.replace(/\$\{[^}]*\}/g, ""))
      .filter((text) => /\b(SELECT|INSERT|UPDATE|DELETE)\b/.test(text))
      .filter((text) => /\?\d/.test(text) && /\?(?![\d.?:])/.test(text))
      .map((text) => `${path}: a ? beside a ?1 is another parameter: number it: ${text.slice(0, 60)}`),
  );
  expect(mixed).toEqual([]);
});

function allowed(path: string, folder: string): readonly string[] {
  const others = composing[folder];
  if (others === undefined) return directions[folder] ?? [];
  return ["core", "lifecycle", "runtime", "config", ...others, ...(composers[path] ?? [])];
}

/** `src/edge/ws/ws.ts` → `edge`, `src/runtime/log.ts` → `runtime`, `package.json` → ``. */
function folderOf(path: string): string {
  const [first = "", second = "", third] = path.split("/");
  if (first !== "src") return second === "" ? "" : first;
  return third === undefined ? "" : second;
}

function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}

function read(pattern: string): Source[] {
  return [...new Glob(pattern).scanSync(root)].sort().map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
    const imports = [...code.matchAll(importing)].map(
      ([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "",
    );
    return { path, folder: folderOf(path), text, code, imports };
  });
}
