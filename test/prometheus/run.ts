/**
 * A real Prometheus scrapes a Mars under load, by the configuration and the alert rules that the documentation names, with a key. What
 * it has in the end must be what was sent.
 *
 *     bun test/prometheus/run.ts [dist/mars]      (without a path: this source tree)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { freePort } from "../support/free-port.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dir, "../..");
const adminKey = "a-token-of-more-than-thirty-two-characters";
const authorization = { authorization: `Bearer ${adminKey}` };
const loadMs = 6_000;
/** More than have series of their own. */
const apps = 130;

/** Of the next event. */
let number = 0;
let client: ReturnType<typeof createClient<typeof IngestService>> | undefined;

async function run(binary: string | undefined): Promise<number> {
  const missing = ["prometheus", "promtool", "go"].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) {
    print(`metrics: ${missing.join(" and ")} missing: apt-get install prometheus golang`);
    return 1;
  }
  judgeSchema();
  const directory = mkdtempSync(join(tmpdir(), "mars-metrics-"));
  const command = binary === undefined ? {} : { command: [resolve(binary)] };
  const env = { MARS_ADMIN_KEY: adminKey };
  const mars = await spawnMars({ dataDir: join(directory, "data"), env, ...command });
  try {
    await runPrometheus(mars, directory);
  } finally {
    await mars.kill("SIGTERM");
    rmSync(directory, { recursive: true, force: true });
  }
  print("metrics: ok");
  return 0;
}

async function runPrometheus(mars: MarsProcess, directory: string): Promise<void> {
  const rules = join(root, "deploy/prometheus/alerts.yml");
  promtool(["check", "rules", rules]);
  promtool(["test", "rules", join(root, "test/prometheus/alerts.test.yml")]);
  const config = join(directory, "prometheus.yml");
  writeFileSync(join(directory, "mars.key"), await newKey(mars));
  writeFileSync(config, documentedConfig(mars, directory, rules));
  promtool(["check", "config", config]);

  const port = await freePort();
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory}/tsdb`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ];
  const prometheus = Bun.spawn(["prometheus", ...flags], { stdout: "ignore", stderr: "inherit" });
  try {
    const api = new Api(`http://127.0.0.1:${port}/api/v1`);
    await until(
      async () => (await api.value("mars_ready")) === 1,
      () => "a scrape",
    );
    await loadAndCompare(mars, api);
    await judgeQueries(api);
    promtool(["check", "metrics"], await textOf(mars));
  } finally {
    prometheus.kill("SIGTERM");
    await prometheus.exited;
  }
}

/** The configuration of `docs/operate.md`, with the addresses of this run, once a second. */
function documentedConfig(mars: MarsProcess, directory: string, rules: string): string {
  const text = readFileSync(join(root, "docs/operate.md"), "utf8");
  const [, documented = ""] = /```yaml\n(# prometheus\.yml\n[\s\S]*?)```/.exec(text) ?? [];
  const config = documented
    .replace("/etc/prometheus/mars.key", join(directory, "mars.key"))
    .replace("127.0.0.1:4000", `127.0.0.1:${mars.httpPort}`)
    .replace("/etc/prometheus/mars-alerts.yml", rules);
  for (const needed of [directory, String(mars.httpPort), rules]) {
    if (!config.includes(needed)) throw new Error(`the documented configuration lacks a place for ${needed}`);
  }
  return `global: { scrape_interval: 1s, evaluation_interval: 1s }\n${config}`;
}

async function newKey(mars: MarsProcess): Promise<string> {
  const response = await fetch(`${mars.url}/api/keys`, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/json" },
    body: JSON.stringify({ kind: "ro", apps: ["*"], name: "prometheus" }),
  });
  if (response.status !== 200) throw new Error(`no key: ${await response.text()}`);
  return ((await response.json()) as { token: string }).token;
}

interface Sent {
  single: number;
  bulk: number;
  rejected: number;
  refused: number;
  grpc: number;
}

/** Sends by three ways at once, and compares each count with Prometheus' once all of it is stored. */
async function loadAndCompare(mars: MarsProcess, api: Api): Promise<void> {
  const sent: Sent = { single: 0, bulk: 0, rejected: 0, refused: 0, grpc: 0 };
  const end = Date.now() + loadMs;
  const loops = [sendSingle, sendBulk, sendInvalid, sendGrpc].map(async (send) => {
    while (Date.now() < end) await send(mars, sent);
  });
  await Promise.all(loops);
  const total = sent.single + sent.bulk + sent.grpc;
  await until(
    async () => (await api.value("mars_events_stored_total")) === total,
    () => `${total} stored`,
  );
  await until(
    async () => (await api.value("sum(mars_app_events_total)")) === total,
    () => `${total} by app`,
  );

  const door = (name: string, outcome: string) =>
    `mars_ingest_events_total{door="${name}",outcome="${outcome}"}`;
  const route = (path: string, status: string) =>
    `mars_http_requests_total{route="${path}",status="${status}"}`;
  const refused = 'mars_ingest_refused_requests_total{door="rest",reason="invalid_argument"}';
  const rpc = 'mars_rpc_calls_total{method="mars.v1.IngestService/CollectEvent",code="ok"}';
  await expectValue(api, "mars_events_accepted_total", total);
  await expectValue(api, door("rest", "accepted"), sent.single + sent.bulk);
  await expectValue(api, door("rest", "rejected"), sent.rejected);
  await expectValue(api, door("grpc", "accepted"), sent.grpc);
  await expectValue(api, refused, sent.refused);
  await expectValue(api, route("/api/event", "2xx"), sent.single);
  await expectValue(api, route("/api/event", "4xx"), sent.refused);
  await expectValue(api, rpc, sent.grpc);
  await expectValue(api, "mars_rpc_call_seconds_count", sent.grpc);
  await expectValue(api, "count(mars_app_events_total)", 101);
  await expectValue(api, "mars_apps", apps);
  await expectValue(api, "mars_apps_not_shown", apps - 100);
  await expectValue(api, "mars_store_behind_events", 0);
  print(`metrics: ${total} events by three ways, each count as it was sent`);
}

function event(n: number) {
  return { app_id: `app-${n % apps}`, message_id: `m-${n}`, event: "e" };
}

function post(mars: MarsProcess, path: string, body: unknown): Promise<Response> {
  const headers = { ...authorization, "content-type": "application/json" };
  return fetch(mars.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function sendSingle(mars: MarsProcess, sent: Sent): Promise<void> {
  expectEqual("single", (await post(mars, "/api/event", event(number++))).status, 200);
  sent.single += 1;
}

async function sendBulk(mars: MarsProcess, sent: Sent): Promise<void> {
  const events = Array.from({ length: 100 }, () => event(number++));
  expectEqual("bulk", (await post(mars, "/api/event/bulk", { events: [...events, {}] })).status, 207);
  sent.bulk += events.length;
  sent.rejected += 1;
}

async function sendInvalid(mars: MarsProcess, sent: Sent): Promise<void> {
  expectEqual("invalid", (await post(mars, "/api/event", {})).status, 422);
  sent.refused += 1;
}

async function sendGrpc(mars: MarsProcess, sent: Sent): Promise<void> {
  client ??= createClient(
    IngestService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }),
  );
  const { app_id, message_id, event: name } = event(number++);
  await client.collectEvent(
    { appId: app_id, messageId: message_id, event: name },
    { headers: authorization },
  );
  sent.grpc += 1;
}

/** Grafana's own types read the dashboard strictly. */
function judgeSchema(): void {
  const schema = join(import.meta.dir, "grafana");
  const done = Bun.spawnSync(["go", "run", ".", join(root, "deploy/grafana/mars.json")], { cwd: schema });
  if (done.exitCode !== 0) throw new Error(`the dashboard is not by Grafana's schema:\n${done.stderr}`);
  print(`metrics: the dashboard is by Grafana's schema: ${done.stdout.toString().trim()}`);
}

/** Every query of the dashboard has data after a load; every rule is one that Prometheus can carry out, and none fires on a Mars that is well. */
async function judgeQueries(api: Api): Promise<void> {
  const dashboard = JSON.parse(readFileSync(join(root, "deploy/grafana/mars.json"), "utf8"));
  const targets = dashboard.panels.flatMap(({ targets = [] }: { targets?: { expr: string }[] }) => targets);
  const empty: string[] = [];
  for (const { expr } of targets) {
    const query = expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "10s");
    const { result } = await api.query(query);
    if (result.length === 0) empty.push(expr);
  }
  // These show only what is wrong: without the bound they have data.
  const without: string[] = [];
  for (const expr of empty) {
    const bare = expr
      .replace(/ > 0$/, "")
      .replaceAll("$instance", ".*")
      .replaceAll("$__rate_interval", "10s");
    if (bare === expr || (await api.query(bare)).result.length === 0) without.push(expr);
  }
  if (without.length > 0) throw new Error(`the dashboard has queries without data:\n${without.join("\n")}`);
  const { groups } = await api.get<{ groups: { rules: Rule[] }[] }>("/rules");
  const rules = groups.flatMap((group) => group.rules);
  const wrong = rules.filter(({ health, state }) => health !== "ok" || state === "firing");
  if (rules.length === 0 || wrong.length > 0) throw new Error(`rules: ${JSON.stringify(wrong)}`);
  // A rule never fires on series that are not there: each of the series that it names must be there.
  const named = new Set(rules.flatMap(({ query }) => query.match(/\b(?:mars|process)_\w+/g) ?? []));
  const known = new Set(await api.get<string[]>("/label/__name__/values"));
  const unknown = [...named].filter((name) => !known.has(name) && !onlyWith.has(name));
  if (unknown.length > 0) throw new Error(`rules name what Mars does not have: ${unknown.join(", ")}`);
  print(`metrics: ${targets.length} queries of the dashboard, ${rules.length} rules`);
}

/** Series that are there once there is a certificate, or a configuration file. */
const onlyWith = new Set([
  "mars_certificate_expiry_timestamp_seconds",
  "mars_certificate_stale",
  "mars_config_applied",
]);

interface Rule {
  readonly name: string;
  /** The expression. */
  readonly query: string;
  readonly health: string;
  readonly state: string;
}

/** Prometheus' own HTTP API. */
class Api {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.#base + path);
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
    return body.data;
  }

  query(expr: string): Promise<{ result: { value: [number, string] }[] }> {
    return this.get(`/query?query=${encodeURIComponent(expr)}`);
  }

  /** Of the one series that there is; `undefined` while there is none, or Prometheus has not started. */
  async value(expr: string): Promise<number | undefined> {
    const found = await this.query(expr).catch(() => undefined);
    return found?.result.length === 1 ? Number(found.result[0]?.value[1]) : undefined;
  }
}

async function textOf(mars: MarsProcess): Promise<string> {
  return (await fetch(`${mars.url}/metrics`, { headers: authorization })).text();
}

/** @throws Error with what it says */
function promtool(args: readonly string[], input = ""): void {
  const done = Bun.spawnSync(["promtool", ...args], { stdin: Buffer.from(input) });
  const said = done.stdout.toString() + done.stderr.toString();
  if (done.exitCode !== 0) throw new Error(`promtool ${args.join(" ")}: ${said}`);
  print(`metrics: promtool ${args.slice(0, 2).join(" ")}: ok`);
}

async function expectValue(api: Api, expr: string, wanted: number): Promise<void> {
  // The scrape that has the last event of one count may have begun before that of another.
  let found: number | undefined;
  const reached = async () => {
    found = await api.value(expr);
    return found === wanted;
  };
  await until(reached, () => `${expr} is ${found}, not ${wanted}`, 5_000);
}

function expectEqual(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what} is ${found}, not ${wanted}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await run(process.argv[2]);
