/**
 * Programs of others send to a real Mars as they are: the SDK and the collector of OpenTelemetry over both of their protocols, the
 * SDKs of CloudEvents in two languages, and Segment's library. Afterwards every event is stored once. While the collectors send, Mars is
 * killed and started again.
 *
 *     bun test/senders/run.ts [dist/mars]      (without a path: this source tree)
 *
 * Needs the collector of `test/tracing/collector/builder.yaml`, in `.cache/collector` or on the PATH as `otelcol`, and Python with the
 * packages of `requirements.txt`. Ports 4317 and 4318 must be free: `docs/otel-collector.yaml` is run as it stands.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../support/free-port.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dir, "../..");
const adminKey = "senders-".repeat(5);
const messages = 2_000;
const kills = 3;

interface Collector {
  /** Of OTLP over HTTP, and over gRPC. */
  readonly http: number;
  readonly grpc: number;
  stop(): Promise<void>;
}

process.exitCode = await run(process.argv[2]);

async function run(binary: string | undefined): Promise<number> {
  const built = join(root, ".cache/collector/otelcol");
  const otelcol = existsSync(built) ? built : Bun.which("otelcol");
  if (otelcol === null) {
    print("senders: the collector is missing: test/tracing/collector/builder.yaml says how it is built");
    return 1;
  }
  const directory = mkdtempSync(join(tmpdir(), "mars-senders-"));
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const start = () =>
    spawnMars({
      dataDir: join(directory, "data"),
      env: { MARS_ADMIN_KEY: adminKey, MARS_HTTP_PORT: `${httpPort}`, MARS_GRPC_PORT: `${grpcPort}` },
      ...(binary !== undefined && { command: [resolve(binary)] }),
    });
  let mars = await start();
  const collectors: Collector[] = [];
  try {
    const key = await createKey(mars);
    const asPrinted = readFileSync(join(root, "docs/otel-collector.yaml"), "utf8");
    const byHttp = { otelcol, config: asPrinted, ports: [4318, 4317], directory } as const;
    const env = { MARS_URL: mars.url, MARS_KEY: key };
    collectors.push(await startCollector(byHttp, env));
    const others = [await freePort(), await freePort()] as const;
    const config = overGrpc(asPrinted, grpcPort, others);
    collectors.push(await startCollector({ ...byHttp, config, ports: others }, env));
    const [first, second] = collectors as [Collector, Collector];

    const bearer = `authorization=Bearer%20${key}`;
    await Promise.all([
      otel("http/protobuf", "sdk-http", mars.url, 0, bearer),
      otel("grpc", "sdk-grpc", `http://127.0.0.1:${grpcPort}`, 0, bearer),
    ]);
    const sending = Promise.all([
      otel("http/protobuf", "collector-http", `http://127.0.0.1:${first.http}`, 0.02),
      otel("grpc", "collector-grpc", `http://127.0.0.1:${second.grpc}`, 0.02),
    ]);
    for (let n = 0; n < kills; n++) {
      await stored(mars, `collector-http-`, ((n + 1) * messages) / (kills + 2));
      await mars.kill("SIGKILL");
      mars = await start();
    }
    await sending;
    for (const name of ["sdk-http", "sdk-grpc", "collector-http", "collector-grpc"]) {
      await expectEvents(mars, name, messages, 2);
    }
    const cloudEvents = `${mars.url}/api/cloudevents`;
    await command([
      "python3",
      join(import.meta.dir, "send_cloudevents.py"),
      cloudEvents,
      key,
      "ce-py",
      "100",
    ]);
    await expectEvents(mars, "ce-py", 50, 2);
    await command([
      process.execPath,
      join(import.meta.dir, "send-cloudevents.mjs"),
      cloudEvents,
      key,
      "ce-js",
      "50",
    ]);
    await expectEvents(mars, "ce-js", 50, 3);
    await command(["python3", join(import.meta.dir, "send_segment.py"), mars.url, key, "segment", "250"]);
    await expectEvents(mars, "segment", 250, 1);
  } finally {
    for (const collector of collectors) await collector.stop();
    await mars.kill("SIGTERM");
    rmSync(directory, { recursive: true, force: true });
  }
  print(`senders: ok, Mars killed ${kills} times`);
  return 0;
}

async function createKey(mars: MarsProcess): Promise<string> {
  const answer = await ask(mars, "/api/keys", { kind: "in", apps: ["shop"], name: "senders" });
  return answer.token as string;
}

interface CollectorOptions {
  readonly otelcol: string;
  readonly config: string;
  readonly ports: readonly [http: number, grpc: number];
  readonly directory: string;
}

async function startCollector(
  { otelcol, config, ports: [http, grpc], directory }: CollectorOptions,
  env: Readonly<Record<string, string>>,
): Promise<Collector> {
  const file = join(directory, `collector-${http}.yaml`);
  writeFileSync(file, config);
  const child = Bun.spawn([otelcol, `--config=${file}`], { env, stdout: "ignore", stderr: "pipe" });
  let output = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) output += decoder.decode(chunk, { stream: true });
  })();
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`the collector ended: ${output}`);
      return output.includes("Everything is ready");
    },
    () => `the collector to begin: ${output}`,
  );
  return {
    http,
    grpc,
    async stop() {
      child.kill("SIGTERM");
      await Promise.all([child.exited, reading]);
    },
  };
}

/** The same configuration with other ports and the exporter for gRPC, as `docs/formats.md` says. */
function overGrpc(config: string, port: number, [http, grpc]: readonly [number, number]): string {
  return config
    .replace("127.0.0.1:4317", `127.0.0.1:${grpc}`)
    .replace("127.0.0.1:4318", `127.0.0.1:${http}`)
    .replaceAll("otlphttp/mars", "otlp/mars")
    .replace(/endpoint: \$\{env:MARS_URL\}/, `endpoint: 127.0.0.1:${port}\n    tls: { insecure: true }`)
    .concat("  telemetry: { metrics: { level: none } }\n");
}

function otel(protocol: string, name: string, endpoint: string, pace: number, headers = ""): Promise<void> {
  const script = join(import.meta.dir, "send_otel.py");
  const isGrpc = protocol === "grpc";
  return command(["python3", script, isGrpc ? "grpc" : "http", name, `${messages}`, `${pace}`], {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: headers,
    OTEL_EXPORTER_OTLP_INSECURE: "true",
  });
}

async function command(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const child = Bun.spawn([...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const status = await child.exited;
  if (status !== 0) throw new Error(`${words.slice(0, 4).join(" ")} ended with ${status}`);
}

async function ask(mars: MarsProcess, path: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(mars.url + path, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

interface Counts {
  readonly messages: number;
  readonly events: number;
}

async function countOf(mars: MarsProcess, prefix: string): Promise<Counts> {
  let [count, events, cursor] = [0, 0, ""];
  do {
    const page = await ask(mars, `/api/messages?app_id=shop&limit=1000&prefix=${prefix}${cursor}`);
    for (const message of page.messages as { event_count: number }[]) {
      count++;
      events += message.event_count;
    }
    cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor as string)}`;
  } while (cursor !== "");
  return { messages: count, events };
}

/** Resolves when so many messages are stored. */
async function stored(mars: MarsProcess, prefix: string, count: number): Promise<void> {
  await until(
    async () => (await countOf(mars, prefix)).messages >= count,
    () => `${count} messages of ${prefix}`,
    60_000,
  );
}

async function expectEvents(mars: MarsProcess, name: string, count: number, each: number): Promise<void> {
  let seen: Counts = { messages: 0, events: 0 };
  const enough = async () => {
    seen = await countOf(mars, `${name}-`);
    return seen.events >= count * each;
  };
  await until(enough, () => `${name}: ${JSON.stringify(seen)} of ${count} messages`, 60_000);
  if (seen.messages !== count || seen.events !== count * each) {
    throw new Error(`${name}: ${JSON.stringify(seen)} instead of ${count} messages with ${each} events each`);
  }
  print(`${name}: ${count} messages with ${each} events each, stored once`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
