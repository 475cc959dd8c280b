/**
 * h2load: HTTP/2, closed loop, one thread. It sends one body again and again, so all of its events are of one message and
 * differ by the time of receipt; for distinct messages over HTTP/2 there are ghz and vegeta, which cost more CPU.
 */
import { join } from "node:path";
import { percentile } from "../figures.ts";
import { type Load, originOf, runTool, type Target } from "./tool.ts";

export interface H2loadOptions {
  readonly path: string;
  readonly port: (target: Target) => number;
  readonly headers: readonly string[];
  /** One event. */
  readonly body: Uint8Array;
  readonly connections: number;
  /** Requests at the same time on each connection. */
  readonly streams: number;
  readonly seconds: number;
  /** For the body and the log of requests. */
  readonly directory: string;
}

export function h2load(options: H2loadOptions): Load {
  const { connections, streams, seconds, directory } = options;
  return async (target) => {
    const body = join(directory, "h2load.body");
    const log = join(directory, "h2load.log");
    await Bun.write(body, options.body);
    // h2load appends to the log.
    await Bun.write(log, "");
    const { text, cpuSeconds } = await runTool([
      "h2load",
      `-c${connections}`,
      `-m${streams}`,
      `-D${seconds}`,
      `--log-file=${log}`,
      "-d",
      body,
      ...options.headers.flatMap((header) => ["-H", header]),
      `${originOf(target, options.port(target))}${options.path}`,
    ]);
    const answered = Number(/status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/.exec(text)?.[1]);
    const spent = Number(/finished in ([\d.]+)s/.exec(text)?.[1] ?? seconds);
    if (!(answered > 0) || !/ 0 failed, 0 errored, 0 timeout/.test(text)) {
      throw new Error(`h2load reports errors: ${text}`);
    }
    const latencies = await readLatencies(log);
    return {
      acknowledged: answered,
      unanswered: connections * streams,
      seconds: spent,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      tool: { name: "h2load", cores: cpuSeconds / spent, singleThreaded: true },
    };
  };
}

/** Milliseconds. h2load itself prints no percentiles; its log has a line of start, status and duration (µs) a request. */
async function readLatencies(log: string): Promise<number[]> {
  const latencies: number[] = [];
  for (const line of (await Bun.file(log).text()).split("\n")) {
    const [, status, micros] = line.split("\t");
    if (status === "200") latencies.push(Number(micros) / 1000);
  }
  return latencies;
}
