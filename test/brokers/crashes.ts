/** Messages come steadily while Mars and its broker are killed: each event is stored in the end, and none twice. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { Outgoing, TestBroker } from "./engines/test-broker.ts";

export interface CheckOptions {
  readonly directory: string;
  readonly command?: readonly string[];
  readonly messages: number;
  readonly kills: number;
  readonly brokerKills: number;
}

/** Every so many messages have two events, as an array. */
const pairEvery = 10;
const chunk = 250;
/** Between kills: Mars has read a part of what there is by then. */
const betweenKillsMs = 1_500;
const settleMs = 120_000;
/** Messages on one page. */
const pageRows = 1_000;

export async function runCrashes(broker: TestBroker, options: CheckOptions): Promise<string> {
  const { directory, command, kills, brokerKills } = options;
  const messages = Math.min(options.messages, broker.messagesMost ?? options.messages);
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    ...(command !== undefined && { command }),
    env: { MARS_COLLECT_SHOP: broker.url(), MARS_LOG_LEVEL: "error" },
  });
  try {
    await mars.url();
    const killing = killAll(mars, broker, kills, brokerKills);
    const lasts = (kills + brokerKills) * betweenKillsMs;
    const began = performance.now();
    for (let at = 0; at < messages; at += chunk) {
      await broker.publish(
        Array.from({ length: Math.min(chunk, messages - at) }, (_, i) => messageOf(at + i)),
      );
      // Evenly over the time of the kills.
      await Bun.sleep(Math.max(0, (lasts * at) / messages - (performance.now() - began)));
    }
    await killing;
    const expected = messages + Math.floor((messages + pairEvery - 1) / pairEvery);
    const { lost, doubled, events } = await settle(mars, messages, expected);
    if (lost > 0 || doubled > 0)
      throw new Error(`of ${messages} messages ${lost} lost, ${doubled} doubled (${events} events)`);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    return `${messages} messages, ${events} events in ${seconds} s, Mars killed ${kills} times and the broker ${brokerKills}: 0 lost, 0 doubled`;
  } finally {
    await mars.stop();
  }
}

/** Neither an event id nor a time: both come from the broker. */
function messageOf(at: number): Outgoing {
  const event = (name: string) => ({
    app_id: "shop",
    message_id: `m-${at}`,
    event: name,
    attributes: { at },
  });
  const value = at % pairEvery === 0 ? [event("created"), event("paid")] : event("created");
  return { id: `id-${at}`, body: JSON.stringify(value) };
}

async function killAll(
  mars: RestartedMars,
  broker: TestBroker,
  kills: number,
  brokerKills: number,
): Promise<void> {
  const turns = kills + brokerKills;
  let brokers = 0;
  for (let turn = 1; turn <= turns; turn++) {
    await Bun.sleep(betweenKillsMs);
    const due = Math.floor((turn * brokerKills) / turns) > brokers;
    if (due) brokers += 1;
    await (due ? broker.kill() : mars.kill());
  }
}

interface Summary {
  readonly message_id: string;
  readonly event_count: number;
  readonly stages: readonly string[];
}

/** Resolves when everything is there, or nothing more comes. */
async function settle(mars: RestartedMars, messages: number, expected: number) {
  const end = performance.now() + settleMs;
  let events = 0;
  while (events < expected && performance.now() < end) {
    await Bun.sleep(200);
    ({ events } = await totals(mars));
  }
  // What the broker sends once more comes a little later.
  await Bun.sleep(1_000);
  const found = new Map<string, number>();
  let doubled = 0;
  events = 0;
  for await (const { message_id, event_count, stages } of mars.rows<Summary>(
    "/api/messages?app_id=shop",
    "messages",
  )) {
    const wanted = Number(message_id.slice(2)) % pairEvery === 0 ? 2 : 1;
    if (found.has(message_id) || event_count > wanted || new Set(stages).size > wanted) doubled += 1;
    found.set(message_id, event_count);
    events += event_count;
  }
  let lost = 0;
  for (let at = 0; at < messages; at++) {
    if ((found.get(`m-${at}`) ?? 0) < (at % pairEvery === 0 ? 2 : 1)) lost += 1;
  }
  return { lost, doubled, events };
}

async function totals(mars: RestartedMars): Promise<{ events: number }> {
  const { apps } = await mars.read<{ apps: readonly { readonly app_id: string; readonly events: number }[] }>(
    `/api/apps?limit=${pageRows}`,
  );
  return { events: apps.find(({ app_id }) => app_id === "shop")?.events ?? 0 };
}
