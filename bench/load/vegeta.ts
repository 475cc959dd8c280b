/**
 * vegeta: open loop at a rate, or closed loop as fast as it goes; HTTP/1.1, or cleartext HTTP/2 for gRPC, of which it sees
 * the HTTP status only. Its requests are made beforehand and read from a file, so that making them costs the turn nothing.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Load, runTool, type Target } from "./tool.ts";

export interface VegetaOptions {
  readonly url: (target: Target) => string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The body of the request with this number. */
  readonly body: (request: number) => Uint8Array;
  readonly eventsPerRequest: number;
  readonly seconds: number;
  readonly http2?: boolean;
  /** Requests a second; without it, as many as `workers` at a time get answered. */
  readonly rate?: number;
  /** The most requests at the same time. Open loop: so many that none ever waits for another's answer. */
  readonly workers: number;
  /** How many requests to make beforehand: more than can be sent in the time. */
  readonly requests: number;
  readonly directory: string;
}

interface Report {
  readonly requests: number;
  /** Nanoseconds, of sending, and from the last request sent to the last answer. */
  readonly duration: number;
  readonly wait: number;
  readonly latencies: { readonly "50th": number; readonly "99th": number };
  readonly status_codes: Readonly<Record<string, number>>;
  readonly errors: readonly string[] | null;
}

const endOfTargets = "no targets to attack";

export function vegeta(options: VegetaOptions): Load {
  const { seconds, workers, eventsPerRequest, directory } = options;
  // Goes on from turn to turn: no body is sent twice.
  let made = 0;
  return async (target) => {
    const targets = join(directory, "vegeta.targets");
    const results = join(directory, "vegeta.results");
    await writeTargets(targets, target);
    const { cpuSeconds } = await runTool([
      "vegeta",
      "attack",
      "-lazy",
      "-format=json",
      `-targets=${targets}`,
      `-output=${results}`,
      `-duration=${seconds}s`,
      `-rate=${options.rate ?? 0}`,
      `-max-workers=${workers}`,
      `-workers=${Math.min(workers, 100)}`,
      "-max-body=0",
      ...(options.http2 ? ["-h2c"] : []),
    ]);
    const report = JSON.parse((await runTool(["vegeta", "report", "-type=json", results])).text) as Report;
    const answered = report.status_codes["200"] ?? 0;
    // At the end of the file vegeta stops early, and counts a request that it never made for each worker.
    const unmade = report.errors?.every((error) => error === endOfTargets)
      ? (report.status_codes["0"] ?? 0)
      : 0;
    if (answered === 0 || answered + unmade !== report.requests) {
      throw new Error(`vegeta reports errors: ${JSON.stringify([report.status_codes, report.errors])}`);
    }
    const spent = (report.duration + report.wait) / 1e9;
    return {
      acknowledged: answered * eventsPerRequest,
      // It waits for every answer.
      unanswered: 0,
      seconds: spent,
      p50: report.latencies["50th"] / 1e6,
      p99: report.latencies["99th"] / 1e6,
      tool: { name: "vegeta", cores: cpuSeconds / spent, singleThreaded: false },
    };
  };

  async function writeTargets(file: string, target: Target): Promise<void> {
    // A writer does not cut a file off: what a longer one had left behind its end would be sent as well.
    await rm(file, { force: true });
    const writer = Bun.file(file).writer({ highWaterMark: 1 << 20 });
    const head = JSON.stringify({ method: "POST", url: options.url(target), header: options.headers });
    for (let n = 0; n < options.requests; n++) {
      const body = Buffer.from(options.body(made++)).toString("base64");
      writer.write(`${head.slice(0, -1)},"body":"${body}"}\n`);
      if (n % 64 === 0) await writer.flush();
    }
    await writer.end();
    // Else the kernel would write it to the disk during the turn, which is Mars' disk as well.
    await runTool(["sync", file]);
  }
}
