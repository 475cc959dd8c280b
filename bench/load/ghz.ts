/** ghz: gRPC by grpc-go, many threads, distinct messages by templates. */
import { join } from "node:path";
import { newRun } from "../events.ts";
import { type Load, runTool } from "./tool.ts";

const proto = join(import.meta.dir, "../../proto/event.proto");

/**
 * Five events a message: of the number's digits, the last says which half of ten it is, and the ones before, from the
 * back, are the id, so that neighbours in time are far apart in an index. ghz's templates cannot calculate, and have to
 * be JSON before they are filled in: hence the backquotes.
 */
function template(run: string): string {
  const digit = (n: number) => `{{slice $n ${n} ${n + 1}}}`;
  const reversed = [6, 5, 4, 3, 2, 1, 0].map(digit).join("");
  return JSON.stringify({
    // ghz sorts the fields by name, so this one is filled in first.
    app_id: "{{$n := printf `%08d` .RequestNumber}}bench",
    message_id: `${reversed}{{if lt (slice $n 7) \`5\`}}a{{else}}b{{end}}-${run}`,
    event: `STAGE_${digit(7)}`,
    created_at: "Hello",
  });
}

interface Report {
  readonly count: number;
  readonly total: number;
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[];
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}

export interface GhzOptions {
  readonly concurrency: number;
  readonly seconds: number;
}

export function ghz({ concurrency, seconds }: GhzOptions): Load {
  return async ({ grpcPort }) => {
    const { text, cpuSeconds } = await runTool([
      "ghz",
      "--insecure",
      `--proto=${proto}`,
      "--call=MarsWeb.GrpcService.MarsGrpc.collectEvent",
      `--concurrency=${concurrency}`,
      `--duration=${seconds}s`,
      // Otherwise the calls under way at the end are broken off and counted as errors.
      "--duration-stop=wait",
      `--data=${template(newRun())}`,
      "--format=json",
      `127.0.0.1:${grpcPort}`,
    ]);
    const { count, total, latencyDistribution, statusCodeDistribution } = JSON.parse(text) as Report;
    const acknowledged = statusCodeDistribution.OK ?? 0;
    if (acknowledged === 0 || acknowledged !== count) {
      throw new Error(`ghz reports errors: ${JSON.stringify(statusCodeDistribution)}`);
    }
    const spent = total / 1e9;
    const at = (share: number) =>
      (latencyDistribution.find(({ percentage }) => percentage === share)?.latency ?? Number.NaN) / 1e6;
    return {
      acknowledged,
      unanswered: concurrency,
      seconds: spent,
      p50: at(50),
      p99: at(99),
      tool: { name: "ghz", cores: cpuSeconds / spent, singleThreaded: false },
    };
  };
}
