/** Plays the demo into a Mars: the past at once, then live, with what people would have set up around it. */
import { catalogueOf } from "../../demo/catalogue.ts";
import type { Outage } from "../../demo/outage.ts";
import { Player } from "../../demo/player.ts";
import { harmless } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import { createProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { type AlertSetup, decide, setUpAlerts } from "./alerts.ts";
import { DemoClient, DemoError } from "./demo-client.ts";
import { lookText, statesText } from "./look.ts";

/** How long it may take to clean up after Ctrl-C. */
const closeMs = 5_000;

const apps = catalogueOf("").map(({ appId }) => appId);

export interface PlayOptions {
  /** Of each past day; an order makes seven or eight messages. */
  readonly ordersPerDay: number;
  readonly days: number;
  readonly seed: number;
  /** Whether it goes on with the present, until the command is stopped. */
  readonly live: boolean;
  /** Whether the Mars goes on afterwards. */
  readonly stays: boolean;
}

type Into = Pick<Session, "client" | "host" | "agent">;

/** @returns the exit code: to be stopped while it is live is its ordinary end */
export function playInto(into: Into, { live, stays, ...options }: PlayOptions): Promise<number> {
  return carryOut(into, async (mars, signal) => {
    const { client, host, agent } = into;
    const say = (...lines: readonly string[]) => void host.print(`${lines.join("\n")}\n`);
    const startMs = Date.now();
    const player = new Player(mars, { ...options, startMs, prefix: "" });
    await player.setUp();
    say(`Lifecycles put: ${apps.join(", ")}.`);
    const progress = createProgress(host);
    const { events, seq } = await player
      .catchUp((sent) => progress.show(`${sent} events of the past`))
      .finally(() => progress.end());
    const took = ((Date.now() - startMs) / 1_000).toFixed(1);
    const { orders, messages } = player.traffic;
    const past = options.days === 1 ? "the past day" : `the past ${options.days} days`;
    say(
      `Played ${past} in ${took} s: ${orders} orders, ${messages} messages, ${events} events (run ${player.run}, seed ${options.seed}).`,
      ...player.traffic.outages.map(outageText),
    );
    let alerts: AlertSetup | undefined;
    const look = async () => {
      const order = `${player.run}-${Math.ceil(orders / 2)}`;
      say("", await statesText(mars, apps, seq), "", lookText(client.url, order), "");
      if (!live) return;
      await decide(mars);
      alerts = await setUpAlerts(mars, (text) => say(`${clock(Date.now(), true)} ${text}`));
      say(...alerts.lines, "Going on live; Ctrl-C ends it.");
    };
    const sayOutage = (one: Outage, begins: boolean) => say(outageChange(one, begins));
    try {
      // A Mars that has just started may take a while to judge the past. Traffic does not wait for it.
      await Promise.all([look(), ...(live ? [player.goOn(signal, sayOutage)] : [])]);
    } catch (error) {
      if (!(live && signal.aborted)) throw error;
    } finally {
      await alerts?.close(new DemoClient(client, { agent, signal: AbortSignal.timeout(closeMs) }));
    }
    if (live && stays) say("Stopped. Its messages stay, and open ones become overdue; --remove erases them.");
    return exitCode.done;
  });
}

/** Erases what any run has sent. @returns the exit code */
export function removeFrom(into: Into): Promise<number> {
  return carryOut(into, async (mars) => {
    let erased = 0;
    for (const app of apps) {
      const path = `/api/apps/${app}`;
      await mars.change("DELETE", `${path}/lifecycle`).catch(ifThere);
      erased += (await mars.change("DELETE", path).catch(ifThere))?.erasure.messages_erased ?? 0;
    }
    into.host.print(`Erased ${erased} messages of ${apps.join(", ")}; large apps go on in the background.\n`);
    return exitCode.done;
  });
}

async function carryOut(
  { client, host, agent }: Into,
  work: (mars: DemoClient, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const stop = host.stopAsked();
  // Ends the calls that are still under way when one has failed.
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  try {
    const mars = new DemoClient(client, { agent, signal });
    await mars.assertReady();
    return await work(mars, signal);
  } catch (error) {
    if (stop.aborted) return stoppedCode(stop.reason);
    if (!(error instanceof DemoError)) throw error;
    host.complain(harmless(error.message));
    return exitCode.failed;
  } finally {
    ended.abort();
  }
}

function ifThere(error: unknown): undefined {
  if (!(error instanceof DemoError && error.status === 404)) throw error;
}

function outageChange({ where, untilMs }: Outage, begins: boolean): string {
  const now = clock(Date.now(), true);
  return begins
    ? `${now} ${where?.value} is gone until ${clock(untilMs, true)}: its text messages get stuck.`
    : `${now} ${where?.value} is back: what waited is sent.`;
}

function outageText({ appId, events, where, fromMs, untilMs }: Outage): string {
  const which = where === undefined ? "" : ` of ${where.attribute} ${where.value}`;
  return `From ${clock(fromMs)} to ${clock(untilMs)} no ${events.join(" or ")} came in ${appId}${which}.`;
}

/** `Wed 14:20`, or `14:20:05`. */
function clock(atMs: number, seconds = false): string {
  const date = new Date(atMs);
  const time = date.toTimeString().slice(0, seconds ? 8 : 5);
  return seconds ? time : `${date.toLocaleDateString("en-GB", { weekday: "short" })} ${time}`;
}
