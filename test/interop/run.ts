/**
 * Mars against clients that this project did not write: ghz, wrk, grpcurl, curl, and h2load where it is installed.
 * Everything that was acknowledged to them is counted again in what is stored.
 *
 *     bun test/interop/run.ts [dist/mars]      (without a path: this source tree)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Glob } from "bun";
import { type MarsProcess, spawnMars } from "../support/process.ts";

const root = join(import.meta.dir, "../..");
const proto = join(root, "proto");
const ghzCalls = 10_000;
const loadSeconds = 5;
const connections = 100;

const needed: Readonly<Record<string, string>> = {
  curl: "apt-get install curl",
  wrk: "apt-get install wrk",
  ghz: "go install github.com/bojand/ghz/cmd/ghz@v0.93.0",
  strace: "apt-get install strace",
  "grpc-health-probe": "go install github.com/grpc-ecosystem/grpc-health-probe@v0.4.62",
  grpcurl: "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4",
};

process.exitCode = await run(process.argv[2]);

async function run(binary: string | undefined): Promise<number> {
  const missing = Object.keys(needed).filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) {
    for (const tool of missing) print(`interop: ${tool} is missing: ${needed[tool]}`);
    return 1;
  }
  const dataDir = mkdtempSync(join(tmpdir(), "mars-interop-"));
  const command = binary === undefined ? {} : { command: [resolve(binary)] };
  await runStrace(command.command ?? [process.execPath, "src/main.ts"], join(dataDir, "traced"));
  const mars = await spawnMars({ dataDir, env: { MARS_TEST_ENDPOINTS: "1" }, ...command });
  try {
    await runCurl(mars);
    await runGrpcurl(mars);
    await runHealthProbe(mars);
    await runGhz(mars);
    await runWrk(mars);
    if (Bun.which("h2load") === null) print("h2load: not installed, left out");
    else await runH2load(mars);
    check("SIGTERM ends it with 0", (await mars.kill("SIGTERM")) === 0);
  } finally {
    await mars.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
  print("interop: ok");
  return 0;
}

/**
 * The kernel's own word for it: between the request and its answer a write to the journal has returned, and the journal is
 * open in the mode in which a write returns only when it is on disk (`O_DSYNC`, open(2)).
 */
async function runStrace(command: readonly string[], dataDir: string): Promise<void> {
  const trace = `${dataDir}.trace`;
  // With -D the traced program is our child, and the tracer is not.
  const options = ["-D", "-ff", "-y", "-e", "trace=openat,pwrite64", "-o", trace];
  const mars = await spawnMars({ dataDir, command: ["strace", ...options, ...command] });
  // A file for each thread: in one for all, calls that overlap would be written in two halves.
  const text = async () => {
    const files = [...new Glob(`${basename(trace)}.*`).scanSync({ cwd: dirname(trace), absolute: true })];
    return (await Promise.all(files.map((file) => Bun.file(file).text()))).join("\n");
  };
  const writes = async () => (await text()).match(/^pwrite64\(\d+<[^>]*\.segment>.*= \d+$/gm)?.length ?? 0;
  try {
    for (let n = 0; n < 5; n++) {
      const before = await writes();
      const response = await fetch(`${mars.url}/api/event`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ app_id: "strace", message_id: `m${n}`, event: "sent" }),
      });
      check(`answer ${n + 1} came after a write to the journal`, response.ok && (await writes()) > before);
    }
    const opened = [...(await text()).matchAll(/openat\(.*?\.segment(?:\.new)?", ([A-Z_|]+)/g)].map(
      ([, flags]) => flags,
    );
    check(
      `the journal is open for durable writes: ${opened}`,
      opened.length > 0 && opened.every((flags) => flags?.includes("O_DSYNC")),
    );
    check("SIGTERM ends the traced one with 0", (await mars.kill("SIGTERM")) === 0);
  } finally {
    await mars.kill("SIGKILL");
  }
}

async function runCurl({ url }: MarsProcess): Promise<void> {
  for (const [flag, version] of [
    ["--http1.1", "1.1"],
    ["--http2-prior-knowledge", "2"],
    // The polite way to HTTP/2: an Upgrade that a server may leave unanswered.
    ["--http2", undefined],
  ] as const) {
    const messageId = `curl${flag}`;
    const event = JSON.stringify({ app_id: "curl", message_id: messageId, event: "sent" });
    const curl = ["curl", "-sS", "--fail-with-body", flag, "-w", "%{http_version}"];
    const posted = await output([
      ...curl,
      "-H",
      "Content-Type: application/json",
      "-d",
      event,
      `${url}/api/event`,
    ]);
    const [answer = "", usedVersion] = posted.split("\n");
    check(`curl ${flag}: ${posted}`, JSON.parse(answer).success && (version ?? usedVersion) === usedVersion);
    const path = `/api/apps/curl/messages/${messageId}?min_seq=${JSON.parse(answer).seq}`;
    const got = await output([...curl, "--compressed", `${url}${path}`]);
    check(`curl ${flag} reads: ${got}`, JSON.parse(got.split("\n")[0] ?? "").events.length === 1);
    print(`curl ${flag}: HTTP/${usedVersion}, stored and read back`);
  }
}

async function runGrpcurl(mars: MarsProcess): Promise<void> {
  const call = (file: string, method: string, data: object) =>
    output(
      ["grpcurl", "-plaintext", "-import-path", proto, "-proto", file, "-d", JSON.stringify(data)].concat([
        `127.0.0.1:${mars.grpcPort}`,
        method,
      ]),
    );
  const event = { app_id: "grpcurl", message_id: "m", event: "sent", created_at: "2026-01-31T12:00:00Z" };
  const original = JSON.parse(await call("event.proto", "MarsWeb.GrpcService.MarsGrpc/collectEvent", event));
  check("grpcurl collectEvent", original.success === true);
  const next = { ...event, event: "received", attributes: { by: "grpcurl" } };
  const { seq } = JSON.parse(
    await call("mars/v1/ingest_service.proto", "mars.v1.IngestService/CollectEvent", next),
  );
  const { message } = JSON.parse(
    await call("mars/v1/message_service.proto", "mars.v1.MessageService/GetMessage", {
      app_id: "grpcurl",
      message_id: "m",
      min_seq: seq,
    }),
  );
  check("grpcurl GetMessage", message.events.length === 2 && message.events[0].attributes.by === "grpcurl");
  const refused = await outcome([
    "grpcurl",
    "-plaintext",
    "-import-path",
    proto,
    "-proto",
    "mars/v1/ingest_service.proto",
    "-d",
    "{}",
    `127.0.0.1:${mars.grpcPort}`,
    "mars.v1.IngestService/CollectEvent",
  ]);
  check(
    `grpcurl gets the reason: ${refused.text}`,
    refused.exitCode !== 0 && /InvalidArgument[\s\S]*app_id/.test(refused.text),
  );
  const address = `127.0.0.1:${mars.grpcPort}`;
  const services = (await output(["grpcurl", "-plaintext", address, "list"])).split("\n");
  check(`grpcurl list: ${services}`, services.includes("mars.v1.AlertService"));
  const reflected = JSON.parse(
    await output(["grpcurl", "-plaintext", "-d", "{}", address, "mars.v1.AdminService/GetStats"]),
  );
  check("grpcurl by reflection", reflected.stats.totals.accepted >= 2);
  print("grpcurl: stored, read back, refused with the fields of an empty event, and services described");
}

/** The probe that Kubernetes and others use, as it is. */
async function runHealthProbe({ grpcPort }: MarsProcess): Promise<void> {
  const probe = (service: string) =>
    outcome(["grpc-health-probe", `-addr=127.0.0.1:${grpcPort}`, `-service=${service}`]);
  const whole = await probe("");
  check(`grpc-health-probe: ${whole.text}`, whole.exitCode === 0);
  const one = await probe("mars.v1.IngestService");
  check(`grpc-health-probe of a service: ${one.text}`, one.exitCode === 0);
  const none = await probe("none");
  check(`grpc-health-probe of no service: ${none.text}`, none.exitCode !== 0);
  print("grpc-health-probe: serving, as a whole and by service");
}

/** The original's sample call, but for the port, the ids, and the second dash that ghz asks for by now. */
async function runGhz(mars: MarsProcess): Promise<void> {
  for (const [appId, extra] of [
    ["ghz", []],
    ["ghz-gzip", ["--enable-compression"]],
  ] as const) {
    const data = `{"app_id":"${appId}","message_id":"sample","event":"Hello","created_at":"Hello"}`;
    const report = JSON.parse(
      await output([
        ...[
          "ghz",
          "--insecure",
          "--proto",
          join(proto, "event.proto"),
          "-n",
          String(ghzCalls),
          ...extra,
          "-O",
          "json",
        ],
        ...["--call", "MarsWeb.GrpcService.MarsGrpc.collectEvent", "-d", data, `0.0.0.0:${mars.grpcPort}`],
      ]),
    );
    check(
      `ghz: ${JSON.stringify(report.statusCodeDistribution)}`,
      report.statusCodeDistribution.OK === ghzCalls,
    );
    await caughtUp(mars);
    // Each without a time of its own, and so an event of its own.
    const stored = await countEvents(`${mars.url}/api/apps/${appId}/messages/sample`);
    check(`ghz: ${ghzCalls} OK, ${stored} stored`, stored === ghzCalls);
    print(`ghz ${extra.join(" ")}: ${ghzCalls} OK at ${Math.round(report.rps)}/s, ${stored} stored`);
  }
}

/** The events of a message, page by page. */
async function countEvents(url: string): Promise<number> {
  let count = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const response = await fetch(cursor === "" ? url : `${url}?cursor=${encodeURIComponent(cursor)}`);
    const page = (await response.json()) as { events: unknown[]; next_cursor: string | null };
    count += page.events.length;
    cursor = page.next_cursor;
  }
  return count;
}

async function runWrk(mars: MarsProcess): Promise<void> {
  const wrk = ["wrk", "-t1", `-c${connections}`, `-d${loadSeconds}s`];
  const runs = [
    { what: "GET /api/create_event", command: [...wrk, `${mars.url}/api/create_event`] },
    { what: "POST /api/event", command: [...wrk, "-s", join(import.meta.dir, "wrk-post.lua"), mars.url] },
  ];
  for (const { what, command } of runs) {
    const before = await countStored(mars);
    const report = await output(command);
    const answered = Number(/(\d+) requests in/.exec(report)?.[1]);
    check(`wrk: ${report}`, answered > 0 && !/Non-2xx|Socket errors/.test(report));
    await caughtUp(mars);
    const stored = (await countStored(mars)) - before;
    // What was under way when wrk left may be stored without having been answered; never the other way round.
    check(
      `wrk ${what}: ${answered} answered, ${stored} stored`,
      stored >= answered && stored <= answered + connections,
    );
    print(`wrk ${what}: ${Math.round(answered / loadSeconds)}/s, ${answered} answered 200, ${stored} stored`);
  }
}

async function runH2load(mars: MarsProcess): Promise<void> {
  const report = await output([
    "h2load",
    "-n",
    "20000",
    "-c",
    "10",
    "-m",
    "20",
    `${mars.url}/api/create_event`,
  ]);
  check(`h2load: ${report}`, /status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx/.test(report));
  print(
    `h2load GET /api/create_event: ${/([\d.]+) req\/s/.exec(report)?.[1]}/s over HTTP/2, 20000 answered 200`,
  );
}

/** Waits until everything that was accepted is stored, as Mars' own counters have it. */
async function caughtUp({ url }: MarsProcess): Promise<void> {
  for (let left = 600; left > 0; left--) {
    const stats = (await (await fetch(`${url}/api/q/stats`)).json()) as Stats;
    if (stats.event_collector_queue === 0 && stats.store.behind === 0) return;
    await Bun.sleep(100);
  }
  throw new Error("interop: the store did not catch up within a minute");
}

interface Stats {
  readonly event_collector_queue: number;
  readonly store: { readonly behind: number };
}

/** Counts by reading the whole list, page by page. */
async function countStored({ url }: MarsProcess): Promise<number> {
  let count = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const response: Response = await fetch(
      `${url}/api/messages?order=oldest&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    const page = (await response.json()) as {
      messages: { event_count: number }[];
      next_cursor: string | null;
    };
    for (const message of page.messages) count += message.event_count;
    cursor = page.next_cursor;
  }
  return count;
}

async function outcome(command: readonly string[]): Promise<{ text: string; exitCode: number }> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe" });
  const [out, error, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { text: exitCode === 0 ? out : out + error, exitCode };
}

async function output(command: readonly string[]): Promise<string> {
  const { text, exitCode } = await outcome(command);
  check(`${command.join(" ")}\n${text}`, exitCode === 0);
  return text;
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`interop: failed: ${what}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
