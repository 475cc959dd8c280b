/** `mars demo`: plays days of a shop's traffic, and goes on live, into a Mars of its own or into one that runs. */
import type { Arguments } from "../arguments.ts";
import { harmless } from "../cell.ts";
import { exitCode } from "../exit-code.ts";
import { frontFlags, type GeneralFlag } from "../front-flags.ts";
import type { Host } from "../host.ts";
import type { OwnCommand } from "../own-command.ts";
import { openSession } from "../session.ts";
import type { PlayOptions } from "./play.ts";

const ordersPerDay: Readonly<Record<string, number>> = { small: 400, normal: 2_600, large: 13_000 };
const scaleDefault = "small";
const daysMax = 7;

const flags: readonly GeneralFlag[] = [
  {
    names: ["--scale"],
    value: Object.keys(ordersPerDay).join("|"),
    meaning: `3,000, 20,000 or 100,000 messages in a past day. Default: ${scaleDefault}`,
  },
  { names: ["--days"], value: `1…${daysMax}`, meaning: "Of the past. Default: 3" },
  { names: ["--seed"], value: "number", meaning: "Of its chance. Default: 1" },
  {
    names: ["--no-live"],
    meaning: "Stop after the past; what is under way is then overdue in time. With --url or --profile",
  },
  {
    names: ["--remove"],
    meaning: "Erase all messages of the demo's apps, and end their lifecycles. With --url or --profile",
  },
  { names: ["--keep"], meaning: "Keep the directory of its own Mars" },
];

export const demo: OwnCommand = {
  command: "demo",
  usage: "",
  summary:
    "Plays days of a shop's traffic, then goes on live until Ctrl-C: into a Mars of its own, which is gone afterwards, or with --url or --profile into one that runs.",
  grammar: { flags: [], general: [...flags, ...frontFlags.filter(({ names: [name] }) => name !== "--json")] },
  details: `Healthy, slow, lost and failed messages of eight apps, with steps that stood still for a while. A minute after the start a
carrier of text messages is gone for three minutes: messages get stuck, an alert comes, and both end when it is back. Each run has
ids of its own. In a Mars that runs its messages stay until --remove, its sink, rules and silence go with Ctrl-C. For safety
MARS_URL and a profile in use are not enough: name the Mars. It needs leave to admin, for every app. Its own Mars has port 4000 if that
is free, or those of MARS_HTTP_PORT and MARS_GRPC_PORT.

  mars demo
  mars demo --url http://127.0.0.1:4000 --scale small
  mars demo --url http://127.0.0.1:4000 --remove
`,
  problems: problemsOf,
  async offline(given, host) {
    const { general } = given;
    const play: PlayOptions = {
      ordersPerDay: ordersPerDay[general.get("--scale") ?? scaleDefault] ?? 0,
      days: Number(general.get("--days") ?? 3),
      seed: Number(general.get("--seed") ?? 1),
      live: !general.has("--no-live"),
      stays: true,
    };
    // Not with every command: it is large.
    const { playInto, removeFrom } = await import("./play.ts");
    if (!namesMars(given))
      return playAlone(given, host, (url) => playInto(localSession(url, host), { ...play, stays: false }));
    const opened = await openSession(given, host);
    if (!opened.ok) {
      for (const problem of opened.problems) host.complain(harmless(problem));
      return exitCode.usage;
    }
    return general.has("--remove") ? removeFrom(opened.session) : playInto(opened.session, play);
  },
};

function namesMars({ general }: Arguments): boolean {
  return general.has("--url") || general.has("--profile");
}

function localSession(url: string, host: Host) {
  host.bypassProxy(new URL(url).hostname);
  return { client: { url, local: true }, host, agent: `mars/${host.version}` };
}

async function playAlone(
  { general }: Arguments,
  host: Host,
  play: (url: string) => Promise<number>,
): Promise<number> {
  if (host.env.MARS_URL) host.complain("MARS_URL is not used: name a Mars that runs by --url");
  // From now on a signal ends what is under way, and not the process: its directory is removed.
  host.stopAsked();
  try {
    const keep = general.has("--keep");
    const mars = await host.startMars(keep);
    host.print(`A Mars of its own is up: ${mars.url}/ (gRPC ${mars.grpcPort}), data ${mars.dataDir}\n`);
    try {
      return await Promise.race([play(mars.url), mars.failed.then((error) => Promise.reject(error))]);
    } finally {
      await mars.stop();
      host.print(
        keep ? `Its data is kept: mars serve --data-dir ${mars.dataDir}\n` : `${mars.dataDir} is removed.\n`,
      );
    }
  } catch (error) {
    host.complain(harmless(error instanceof Error ? error.message : String(error)));
    return exitCode.failed;
  }
}

function problemsOf(given: Arguments): string[] {
  const { general } = given;
  const problems: string[] = [];
  const [scale, days, seed] = ["--scale", "--days", "--seed"].map((name) => general.get(name));
  if (scale !== undefined && !Object.hasOwn(ordersPerDay, scale)) {
    problems.push(`--scale must be one of ${Object.keys(ordersPerDay).join(", ")}, is ${scale}`);
  }
  if (days !== undefined && !(/^[1-9]$/.test(days) && Number(days) <= daysMax)) {
    problems.push(`--days must be a whole number from 1 to ${daysMax}, is ${days}`);
  }
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) {
    problems.push(`--seed must be a whole number of at most 9 digits, is ${seed}`);
  }
  for (const name of namesMars(given) ? ["--keep"] : ["--remove", "--no-live", "--key-file"]) {
    if (!general.has(name)) continue;
    problems.push(
      name === "--keep"
        ? "--keep is of a Mars of its own: give it without --url and --profile"
        : `${name} needs the Mars that is meant: --url or --profile`,
    );
  }
  return problems;
}
