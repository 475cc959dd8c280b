/**
 * A real OpenTelemetry collector receives the spans of Mars: each traced request has its three, with the parents that they should have.
 *
 *     bun test/tracing/run.ts [dist/mars]      (without a path: this source tree)
 *
 * Needs the collector of `collector/builder.yaml`, in `.cache/collector` or on the PATH as `otelcol`.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { freePort } from "../support/free-port.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dir, "../..");
const built = join(root, ".cache/collector/otelcol");
const requests = 200;
const parent = "00f067aa0ba902b7";
const service = "mars-with-collector";

interface Span {
  readonly trace: string;
  readonly parent: string;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
}

/** As the collector's debug exporter prints them. */
const printed = /Trace ID +: (\w+)\n +Parent ID +: (\w*)\n +ID +: (\w+)\n +Name +: (.+)\n +Kind +: (\w+)/g;

async function run(binary: string | undefined): Promise<number> {
  const collector = existsSync(built) ? built : Bun.which("otelcol");
  if (collector === null) {
    print("tracing: the collector is missing: test/tracing/collector/builder.yaml says how it is built");
    return 1;
  }
  const directory = mkdtempSync(join(tmpdir(), "mars-tracing-"));
  const port = await freePort();
  const config = join(directory, "collector.yaml");
  writeFileSync(config, configOf(port));
  const child = Bun.spawn([collector, `--config=${config}`], { stdout: "ignore", stderr: "pipe" });
  let output = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) output += decoder.decode(chunk, { stream: true });
  })();
  const command = binary === undefined ? {} : { command: [resolve(binary)] };
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_SERVICE_NAME: service };
  try {
    await until(
      () => output.includes("Everything is ready"),
      () => `the collector to begin: ${output}`,
    );
    const mars = await spawnMars({ dataDir: join(directory, "data"), env, ...command });
    try {
      await report(mars);
    } finally {
      // What waits is sent at the stop.
      await mars.kill("SIGTERM");
    }
    await judge(() => output);
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.exited, reading]);
    rmSync(directory, { recursive: true, force: true });
  }
  print(`tracing: ok, ${requests} traces`);
  return 0;
}

function configOf(port: number): string {
  return `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { debug: { verbosity: detailed, sampling_initial: 1000000 } }
service:
  pipelines: { traces: { receivers: [otlp], exporters: [debug] } }
  telemetry: { metrics: { level: none } }
`;
}

const traceOf = (n: number) => `1${n.toString(16).padStart(31, "0")}`;

/** Every second one by gRPC; and as many that are not sampled. */
async function report(mars: MarsProcess): Promise<void> {
  const baseUrl = `http://127.0.0.1:${mars.grpcPort}`;
  const grpc = createClient(IngestService, createGrpcTransport({ baseUrl }));
  const send = async (message: string, n: number, traceparent: string) => {
    if (n % 2 === 0) {
      const event = { appId: "shop", messageId: message, event: "sent" };
      await grpc.collectEvent(event, { headers: { traceparent } });
      return;
    }
    const response = await fetch(`${mars.url}/api/event`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent },
      body: JSON.stringify({ app_id: "shop", message_id: message, event: "sent" }),
    });
    if (response.status !== 200) throw new Error(`refused: ${await response.text()}`);
  };
  for (let n = 0; n < requests; n++) {
    await send(`traced-${n}`, n, `00-${traceOf(n)}-${parent}-01`);
    await send(`other-${n}`, n, `00-${"f".repeat(32)}-${parent}-00`);
  }
}

async function judge(output: () => string): Promise<void> {
  const spans = () =>
    [...output().matchAll(printed)].map(
      ([, trace = "", parent = "", id = "", name = "", kind = ""]): Span => ({
        trace,
        parent,
        id,
        name,
        kind,
      }),
    );
  await until(
    () => spans().length >= 3 * requests,
    () => `${spans().length} of ${3 * requests} spans came`,
  );
  const faults: string[] = [];
  const byTrace = Map.groupBy(spans(), ({ trace }) => trace);
  for (let n = 0; n < requests; n++) {
    const of = byTrace.get(traceOf(n)) ?? [];
    const request = of.find(({ kind }) => kind === "Server");
    const name = n % 2 === 0 ? "mars.v1.IngestService/CollectEvent" : "POST /api/event";
    const commit = of.find((span) => span.name === "journal commit");
    const store = of.find((span) => span.name === "store");
    const right =
      of.length === 3 &&
      request?.name === name &&
      request.parent === parent &&
      commit?.parent === request.id &&
      store?.parent === parent;
    if (!right) faults.push(`trace ${n}: ${JSON.stringify(of)}`);
  }
  if (byTrace.size !== requests) faults.push(`${byTrace.size} traces instead of ${requests}`);
  if (!output().includes(`service.name: Str(${service})`)) faults.push("the service has another name");
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join("\n"));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await run(process.argv[2]);
