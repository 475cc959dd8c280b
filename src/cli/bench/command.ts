/** `mars bench`: how many events a Mars acknowledges, how fast, and the proof that each is stored once. */
import { randomBytes } from "node:crypto";
import { bulkEventsMax } from "../../core/limits.ts";
import type { Arguments } from "../arguments.ts";
import { harmless } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import { frontFlags, type GeneralFlag } from "../front-flags.ts";
import { readGiven } from "../given-file.ts";
import type { OwnCommand } from "../own-command.ts";
import { createProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { countStored, untilStored } from "./check.ts";
import { type ConnectionOptions, type Door, doors, restConnection } from "./door.ts";
import { runLoad } from "./load.ts";
import { type BenchReport, reportText } from "./report.ts";

const defaults = {
  seconds: 10,
  connections: 10,
  batch: 100,
  door: "rest",
  app: "mars-bench",
  grpcPort: 4025,
} as const;
const secondsMax = 600;
const connectionsMax = 200;
/** How long a call may still be under way when the time is over. */
const lateMs = 30_000;
const percents = [50, 90, 99] as const;

const flags: readonly GeneralFlag[] = [
  {
    names: ["--seconds"],
    value: `1…${secondsMax}`,
    meaning: `How long it sends. Default: ${defaults.seconds}`,
  },
  {
    names: ["--connections"],
    value: `1…${connectionsMax}`,
    meaning: `How many send at one time, each a call after the other. Default: ${defaults.connections}`,
  },
  {
    names: ["--door"],
    value: doors.join("|"),
    meaning: `POST /api/event, POST /api/event/bulk, or CollectEvent over native gRPC. Default: ${defaults.door}`,
  },
  {
    names: ["--batch"],
    value: `1…${bulkEventsMax}`,
    meaning: `Events in a call of rest-bulk. Default: ${defaults.batch}`,
  },
  { names: ["--app"], value: "app", meaning: `Where its messages are. Default: ${defaults.app}` },
  {
    names: ["--grpc-port"],
    value: "port",
    meaning: `Of native gRPC, on the host of the URL. Default: ${defaults.grpcPort}`,
  },
  {
    names: ["--send-key-file"],
    value: "path",
    meaning: "A file with the key to send with, where the other one may only read",
  },
];

export const bench: OwnCommand = {
  command: "bench",
  usage: "",
  summary:
    "Sends events for some seconds, says how many were acknowledged and how fast, and counts that each of them is stored once.",
  grammar: { flags: [], general: [...flags, ...frontFlags] },
  details: `Its events stay, as messages of four events in an app of their own: mars erase app ${defaults.app} removes them. It needs a key that may
send and read that app: one of kind ad, or one of kind ro with one of kind in as --send-key-file. Exit code 1 if an event was lost,
doubled, refused, or not answered. It shares the machine with a Mars that is there, too: both are slower then.

  mars bench
  mars bench --door rest-bulk --batch 500 --seconds 30
  mars bench --door grpc --connections 50 --json
`,
  problems: problemsOf,
  async run(given, session) {
    const { general } = given;
    const { host } = session;
    const number = (name: "seconds" | "connections" | "batch") =>
      Number(general.get(`--${name}`) ?? defaults[name]);
    const door = (general.get("--door") ?? defaults.door) as Door;
    const sender = await senderOf(general.get("--send-key-file"), session);
    if ("problem" in sender) {
      host.complain(harmless(sender.problem));
      return exitCode.usage;
    }
    const load = {
      app: general.get("--app") ?? defaults.app,
      prefix: `${randomBytes(6).toString("hex")}-`,
      seconds: number("seconds"),
      batch: door === "rest-bulk" ? number("batch") : 1,
    };
    const stop = host.stopAsked();
    const progress = createProgress(host);
    const options: ConnectionOptions = {
      client: sender.client,
      agent: session.agent,
      signal: AbortSignal.any([stop, AbortSignal.timeout(load.seconds * 1_000 + lateMs)]),
    };
    const authority = `${new URL(session.client.url).hostname}:${general.get("--grpc-port") ?? defaults.grpcPort}`;
    // Not with every command: HTTP/2 is large.
    const grpc = door === "grpc" ? await import("./grpc-connection.ts") : undefined;
    const connections = Array.from({ length: number("connections") }, () =>
      grpc === undefined
        ? restConnection(options, door === "rest-bulk")
        : grpc.grpcConnection(options, authority),
    );
    try {
      const result = await runLoad(connections, {
        ...load,
        signal: stop,
        progress: (acknowledged, share) => progress.show(`${acknowledged} events`, share),
      });
      const { ledger, latency, lastSeq, acknowledged, tookMs } = result;
      if (result.ended !== undefined) return failed(result.ended);
      progress.show("waiting until they are stored");
      const stored = await untilStored(session, { ...load, lastSeq }, stop);
      if (!stored.ok) return failed(stored.sentences);
      const refusal = await countStored(
        session,
        { ...load, lastSeq },
        {
          ledger,
          signal: stop,
          progress: (counted) => progress.show(`${counted} are stored`, counted / Math.max(1, acknowledged)),
        },
      );
      if (refusal !== undefined) return failed(refusal);
      progress.end();
      const [p50, p90, p99] = latency.percentiles(percents).map(({ value }) => value / 1_000);
      const { lost, doubled, refusedAndStored, unknown, stored: count } = ledger.verdict();
      const report: BenchReport = {
        url: session.client.url,
        door,
        app: load.app,
        connections: connections.length,
        batch: load.batch,
        seconds: tookMs / 1_000,
        acknowledged,
        per_second: Math.round((acknowledged / tookMs) * 1_000),
        latency_ms: { p50: p50 ?? 0, p90: p90 ?? 0, p99: p99 ?? 0, max: latency.max / 1_000 },
        stored_after_ms: Math.round(stored.tookMs),
        stored: count,
        lost,
        doubled,
        refused: result.refused,
        refused_and_stored: refusedAndStored,
        unanswered: result.unanswered,
        unknown,
        reason: result.reason ?? null,
      };
      host.print(session.json ? `${JSON.stringify(report)}\n` : reportText(report, session));
      const faults = lost + doubled + result.refused + refusedAndStored + result.unanswered + unknown;
      return faults > 0 || acknowledged === 0 ? exitCode.failed : exitCode.done;
    } catch (error) {
      progress.end();
      if (!stop.aborted) throw error;
      host.complain(`not counted; its events stay: mars erase app ${load.app}`);
      return stoppedCode(stop.reason);
    } finally {
      for (const connection of connections) connection.close();
    }

    function failed(sentences: readonly string[]): number {
      progress.end();
      for (const sentence of sentences) host.complain(harmless(sentence));
      host.complain(
        "it needs a key that may send and read: of kind ad, or --send-key-file beside one that reads",
      );
      return exitCode.failed;
    }
  },
};

async function senderOf(path: string | undefined, { client, host }: Session) {
  if (path === undefined) return { client };
  const read = await readGiven(path, "--send-key-file", host);
  return "problem" in read ? read : { client: { ...client, key: { text: read.text.trim(), source: path } } };
}

function problemsOf({ general }: Arguments): string[] {
  const problems: string[] = [];
  const whole = (name: string, max: number) => {
    const text = general.get(name);
    if (text === undefined || (/^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= max)) return;
    problems.push(`${name} must be a whole number from 1 to ${max}, is ${text}`);
  };
  whole("--seconds", secondsMax);
  whole("--connections", connectionsMax);
  whole("--batch", bulkEventsMax);
  whole("--grpc-port", 65_535);
  const door = general.get("--door");
  if (door !== undefined && !doors.some((one) => one === door)) {
    problems.push(`--door must be one of ${doors.join(", ")}, is ${door}`);
  }
  if (general.has("--batch") && door !== "rest-bulk") problems.push("--batch needs --door rest-bulk");
  if (general.has("--grpc-port") && door !== "grpc") problems.push("--grpc-port needs --door grpc");
  return problems;
}
