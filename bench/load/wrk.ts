/** wrk: HTTP/1.1, closed loop, one thread, the requests made in Lua. */
import { join } from "node:path";
import { type Load, originOf, runTool } from "./tool.ts";

export interface WrkOptions {
  /** A file of this folder, and what is passed to it. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly connections: number;
  readonly eventsPerRequest: number;
  readonly seconds: number;
}

export function wrk({ script, args = [], connections, eventsPerRequest, seconds }: WrkOptions): Load {
  return async (target) => {
    const { text, cpuSeconds } = await runTool([
      "wrk",
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--latency",
      // Slow is no error; the latencies show it.
      "--timeout=60s",
      "-s",
      join(import.meta.dir, script),
      originOf(target, target.httpPort),
      ...args,
    ]);
    const [, requests, took] = /(\d+) requests in ([\d.]+m?s|[\d.]+m)/.exec(text) ?? [];
    // A refusal or a broken connection is neither lost nor doubled, but the load was not what the row says.
    if (requests === undefined || took === undefined || /Non-2xx|Socket errors/.test(text)) {
      throw new Error(`wrk reports errors: ${text}`);
    }
    const spent = milliseconds(took) / 1000;
    return {
      acknowledged: Number(requests) * eventsPerRequest,
      unanswered: connections * eventsPerRequest,
      seconds: spent,
      p50: milliseconds(/^\s+50%\s+(\S+)/m.exec(text)?.[1] ?? ""),
      p99: milliseconds(/^\s+99%\s+(\S+)/m.exec(text)?.[1] ?? ""),
      tool: { name: "wrk", cores: cpuSeconds / spent, singleThreaded: true },
    };
  };
}

/** `912.00us`, `1.50ms`, `2.01s`, `1.00m`. */
function milliseconds(text: string): number {
  const [, value, unit = ""] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  return Number(value ?? Number.NaN) * (units[unit] ?? Number.NaN);
}
