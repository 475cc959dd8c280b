/**
 * Command line → configuration → start → signals → exit code, for every runtime.
 *
 * The only file that touches the process: its arguments, environment, signals and end.
 *
 * Exit codes: 0 stopped as asked, 1 could not start or go on, 2 wrong usage, 130 and 143 a second signal.
 */
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import {
  otherSettings,
  type ReadConfiguration,
  readCollectors,
  readConfiguration,
} from "./app/configuration.ts";
import { type Mars, upLine } from "./app/mars.ts";
import { createProcessLog } from "./app/process-log.ts";
import { frontFlagOf } from "./cli/front-flags.ts";
import { createHost, echoMs, readFile, write } from "./commands/client-host.ts";
import type { Config } from "./config/config.ts";
import { localUrl } from "./config/local-url.ts";
import type { Sources } from "./config/sources.ts";
import { effectiveText, helpText } from "./config/text.ts";
import type { Log } from "./core/ports.ts";
import type { RuntimeServers } from "./edge/runtime-servers.ts";
import { version } from "./version.ts";

/** How long after its deadline a stop may go on before the process ends without it. */
const overrunMs = 2_000;

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** The differences between runtimes; threads and files are `node:`'s on all of them. */
export interface Runtime {
  readonly servers: RuntimeServers;
  /** The guarantees that this runtime cannot give, a sentence each; logged at the start. */
  readonly lacks: readonly string[];
}

type LoadRuntime = () => Promise<Runtime>;

/**
 * Carries out the command of this process, and ends it.
 *
 * @param loadRuntime called by the commands that need it
 */
export async function runCommand(loadRuntime: LoadRuntime): Promise<never> {
  process.exit(await run(process.argv.slice(2), loadRuntime));
}

async function run(args: readonly string[], loadRuntime: LoadRuntime): Promise<number> {
  const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
  const words = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const argv = args.slice(words.length);
  const command = words.join(" ");
  const action = Object.hasOwn(commands, command) ? commands[command] : undefined;
  const asksHelp = (arg: string | undefined) => arg === "--help" || arg === "-h";
  const own = action !== undefined || command === "version" || words[0] === "help";
  // Mars itself has none of the flags that may stand before a client's command, but this one.
  const clientFlag = command === "" && !asksHelp(argv[0]) && frontFlagOf(argv[0]) !== undefined;
  if (words[0] === "restore" || words[0] === "verify") return useBackup(words[0], args.slice(1));
  if (!own || clientFlag) return callMars(args, loadRuntime);
  if (command === "help" || (action !== undefined && argv.some(asksHelp))) return printHelp();
  if (command === "version" || argv.includes("--version")) return print(`mars ${version}\n`);
  if (action === undefined) return callMars([...words.slice(1), "--help"], loadRuntime);
  const sources = { argv, env: process.env, readFile };
  const result = await readConfiguration(sources);
  return result.ok ? action({ ...result, sources }, loadRuntime) : refuse(result.problems);
}

type Valid = Extract<ReadConfiguration, { ok: true }> & {
  /** To read it again. */
  readonly sources: Sources;
};

type Action = (valid: Valid, loadRuntime: LoadRuntime) => number | Promise<number>;

const commands: Readonly<Record<string, Action | undefined>> = {
  "": serve,
  serve,
  "config check": (valid) => checkConfig(valid),
  health: ({ config }) => checkHealth(config),
  doctor: ({ config }) => runDoctor(config),
};

async function printHelp(): Promise<number> {
  const { clientCommands } = await import("./cli/client.ts");
  return print(helpText(version, clientCommands()));
}

/** The commands that call a running Mars. What runs Mars is not loaded for them, nor they for it: each is up sooner. */
async function callMars(args: readonly string[], loadRuntime: LoadRuntime): Promise<number> {
  const { runClient } = await import("./cli/client.ts");
  const names = [
    ...Object.keys(commands).filter((name) => name !== ""),
    "restore",
    "verify",
    "help",
    "version",
  ];
  const startMars = (keep: boolean) => startOwnMars(keep, loadRuntime);
  return runClient(args, createHost(process, { version, commands: names, bypassProxy, startMars }));
}

async function startOwnMars(keep: boolean, loadRuntime: LoadRuntime) {
  process.umask(0o077);
  checkUnpacking();
  const log = createProcessLog({ logLevel: "error", logFormat: "auto" }, process.env);
  surviveFaults(log);
  const [own, { servers }] = await Promise.all([import("./commands/own-mars.ts"), loadRuntime()]);
  return own.startOwnMars({ keep, env: process.env, log, servers });
}

async function useBackup(name: "restore" | "verify", args: readonly string[]): Promise<number> {
  process.umask(0o077);
  const { runBackupCommand } = await import("./commands/backup-commands.ts");
  return runBackupCommand(name, args, { env: process.env, readFile, stdin: process.stdin, print, complain });
}

async function serve(valid: Valid, loadRuntime: LoadRuntime): Promise<number> {
  const { config, declared } = valid;
  // Of all files: the database driver makes its own, and other users of the machine must not read them.
  process.umask(0o077);
  const log = createProcessLog(config, process.env);
  surviveFaults(log);
  const stopAsked = listenForSignals(log);
  let mars: Mars | undefined;
  // Without anything to read again a hang-up ends Mars, as it does any program.
  if (config.tlsCert !== "" || config.configFile !== "" || valid.collectors.length > 0) {
    process.on("SIGHUP", () => {
      const reloaded = mars && Promise.all([mars.reloadCertificates(), reload(valid, mars, log)]);
      reloaded?.catch((error) => log.error("reload failed", { event: "reload_failed", error }));
    });
  }
  try {
    checkUnpacking();
    const [{ startMars }, { servers, lacks }] = await Promise.all([import("./app/start.ts"), loadRuntime()]);
    for (const lack of lacks) log.warn("runtime lacks a bound", { event: "runtime_lacks", lack });
    const started = await Promise.race([startMars(config, log, version, servers), stopAsked]);
    // No accepted event is lost by an immediate end: it is in the journal.
    if (started === undefined) return 0;
    mars = started;
  } catch (error) {
    log.debug("could not start", { event: "start_failed", error });
    return complain(`cannot start: ${messageOf(error)}`);
  }
  print(upLine(config, mars));
  // The same holds for brokers that cannot be reached.
  mars.collectorFiles.follow(valid.collectors, () => readCollectors(valid.sources));
  // Its failures are in the log and in the health: events are accepted all the same.
  if (config.configFile !== "") void mars.declarations.apply(declared);

  const failure = await Promise.race([stopAsked, mars.failed]);
  if (failure !== undefined) log.error("cannot go on", { event: "cannot_go_on", error: failure });
  return (await stopWithin(mars, config.shutdownTimeoutMs + overrunMs, log)) && failure === undefined ? 0 : 1;
}

/** Reads the configuration again, and applies the part that needs no restart. */
async function reload({ config, effective, sources }: Valid, mars: Mars, log: Log): Promise<void> {
  await mars.collectorFiles.look();
  if (config.configFile === "") return;
  const again = await readConfiguration(sources);
  if (!again.ok) return mars.declarations.refuse(again.problems);
  const settings = otherSettings(effective, again.effective);
  if (settings.length > 0)
    log.warn("settings have changed and need a restart", { event: "restart_needed", settings });
  await mars.declarations.apply(again.declared);
}

/** Resolves at the first signal; at the second the process ends. */
function listenForSignals(log: Log): Promise<undefined> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (name: keyof typeof signalNumbers) => {
      const now = performance.now();
      if (first === undefined) {
        first = now;
        log.info("stopping", { event: "stopping", signal: name });
        resolve(undefined);
      } else if (now - first > echoMs) {
        log.warn("ended at once by a second signal", { event: "ended_at_once", signal: name });
        process.exit(128 + signalNumbers[name]);
      }
    };
    process.on("SIGINT", () => onSignal("SIGINT"));
    process.on("SIGTERM", () => onSignal("SIGTERM"));
  });
}

/** Returns whether everything stopped in time and without an error. */
async function stopWithin(mars: Mars, timeoutMs: number, log: Log): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not stopped within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([mars.stop(), late]);
    return true;
  } catch (error) {
    log.error("did not stop cleanly, accepted events are in the journal", { event: "stop_failed", error });
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A rejection that no code awaits belongs to one request and is logged. One thrown outside of any promise leaves unknown
 * state: Mars ends, and its next start reads the journal.
 */
function surviveFaults(log: Log): void {
  process.on("unhandledRejection", (error) =>
    log.error("unhandled rejection", { event: "unhandled_rejection", error }),
  );
  process.on("uncaughtException", (error) => {
    log.error("uncaught exception, ending", { event: "uncaught_exception", error });
    process.exit(1);
  });
}

async function checkHealth(config: Config): Promise<number> {
  if (config.httpPort === 0) return complain("health cannot know the port that 0 picked: set MARS_HTTP_PORT");
  const { askHealth } = await import("./commands/ask-health.ts");
  bypassProxy(new URL(localUrl(config)).hostname);
  const { ready, text } = await askHealth(config);
  return ready ? print(`${text}\n`) : complain(text);
}

/** The settings are valid by now; the files that they name may not be. */
async function checkConfig({ config, effective }: Valid): Promise<number> {
  print(effectiveText(effective));
  if (config.tlsCert === "") return 0;
  const { judgedText, readPair } = await import("./tls/pem-files.ts");
  const judged = await readPair(config, Date.now());
  if (judged.ok) return print(judgedText(judged, Date.now()));
  for (const problem of judged.problems) complain(problem);
  return 1;
}

async function runDoctor(config: Config): Promise<number> {
  try {
    checkUnpacking();
    const { examine } = await import("./commands/doctor.ts");
    const problems = await examine(config);
    if (problems.length === 0) return print(`nothing is wrong with ${config.dataDir}\n`);
    return complain(problems.join("\n"));
  } catch (error) {
    return complain(messageOf(error));
  }
}

/** The binary unpacks the database driver at start; Bun's own message for a failure of that does not help. */
function checkUnpacking(): void {
  if (!import.meta.url.includes("$bunfs")) return;
  const directory = process.env.BUN_TMPDIR || tmpdir();
  try {
    accessSync(directory, constants.W_OK);
  } catch {
    throw new Error(
      `the database driver is unpacked into ${directory}, which cannot be written: set BUN_TMPDIR`,
    );
  }
}

/** One sentence: an error that a thread throws at its start has source code around it. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^error: (.+)$/m.exec(message)?.[1] ?? message;
}

function refuse(problems: readonly string[]): number {
  for (const problem of problems) complain(problem);
  complain("see mars --help");
  return 2;
}

function complain(sentence: string): number {
  write(2, `mars: ${sentence}\n`);
  return 1;
}

function print(text: string): number {
  write(1, text);
  return 0;
}

/** `fetch` reads these variables at each call. */
function bypassProxy(host: string): void {
  const hosts = [process.env.NO_PROXY || process.env.no_proxy, host].filter(Boolean).join(",");
  process.env.NO_PROXY = hosts;
  process.env.no_proxy = hosts;
}
