/** What a user sees of a collector: a wrong password, a poison message from its arrival to its replay, a pause, and overload. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

interface Rejected {
  readonly messages: readonly { readonly id: number; readonly reason: string; readonly body: string }[];
}

/** More than the smallest journal holds: so many messages, or so many bytes in fewer. */
const floodMessages = 20_000;
const floodBytes = 2_000_000;
const chunk = 1_000;

export async function runBehaviour(
  broker: TestBroker,
  { directory, command }: CheckOptions,
): Promise<string> {
  const dataDir = join(directory, "mars");
  const mars = new RestartedMars({
    dataDir,
    ...(command !== undefined && { command }),
    env: { MARS_JOURNAL_MAX: "1MiB", MARS_LOG_LEVEL: "error" },
  });
  const shop = new Shop(mars, broker);
  const publish = (bodies: readonly (string | Uint8Array)[]) =>
    broker.publish(bodies.map((body) => ({ id: `b-${published++}`, body })));
  let published = 0;
  try {
    await shop.put(broker.url({ password: "wrong" }));
    await shop.reached(({ last_error }) => last_error !== "", "a wrong password is reported");
    const shown = JSON.stringify(await mars.read("/api/collectors"));
    if (shown.includes("wrong")) throw new Error("the password is shown");
    await shop.put(broker.url({ deadLetter: true }));
    await shop.reached(({ state }) => state === "reading", "it reads with the right password");

    // Poison in the middle of others, one without an app, and one that is too long to be kept as a whole.
    const event = (id: string) => ({ message_id: id, event: "created" });
    await publish([
      JSON.stringify({ app_id: "shop", ...event("a") }),
      "no JSON",
      JSON.stringify(event("b")),
      new Uint8Array([0xff, 0xfe]),
      `${JSON.stringify({ app_id: "shop", ...event("c") })}\n${JSON.stringify({ app_id: "shop", ...event("d") })}`,
      "x".repeat(70 * 1024),
    ]);
    // The broker is asked for the lag from time to time.
    const after = await shop.reached(
      ({ messages, lag }) => messages === 6 && (lag ?? 0) === 0,
      "all six are acknowledged",
    );
    if (after.refused !== 4 || after.events !== 3 || after.dead_lettered !== 4)
      throw new Error(`after the poison: ${JSON.stringify(after)}`);
    const { messages } = await mars.read<Rejected>("/api/collectors/shop/rejected");
    const reasons = messages.map(({ reason }) => reason).join(" | ");
    if (messages.length !== 4 || !reasons.includes("app_id is required")) throw new Error(reasons);
    const dead = await broker.deadLetters();
    if (dead.length !== 4 || !dead.some(({ body, reason }) => body === "no JSON" && reason !== ""))
      throw new Error(`dead letters: ${JSON.stringify(dead).slice(0, 500)}`);

    // The correction: the collector knows the app.
    await shop.put(broker.url({ deadLetter: true }), { app_id: "shop" });
    const { body } = await mars.ask("POST", "/api/collectors/shop/rejected/replay");
    if (JSON.stringify(body) !== '{"success":true,"replayed":1,"refused":3}')
      throw new Error(`replay: ${JSON.stringify(body)}`);
    const { message_id, event_count } = await mars.read<{ message_id: string; event_count: number }>(
      "/api/apps/shop/messages/b?min_seq=4",
    );
    if (message_id !== "b" || event_count !== 1) throw new Error("the replayed message is not there");
    await mars.ask("DELETE", "/api/collectors/shop/rejected");

    // Paused over a restart.
    await mars.ask("POST", "/api/collectors/shop/pause");
    await publish([JSON.stringify({ app_id: "shop", ...event("paused") })]);
    await mars.kill();
    await shop.reached(({ state }) => state === "paused", "it is paused after a restart");
    await mars.ask("POST", "/api/collectors/shop/resume");
    await shop.reached(({ messages }) => messages === 1, "it reads on");

    const waited = await overload(broker, dataDir, publish, shop);
    return `wrong password, 4 poison messages, replay, pause over a restart; under overload ${waited}`;
  } finally {
    await mars.stop();
  }
}

/** The database is held by another program until the journal is full: nothing is lost, and nothing is sent twice. */
async function overload(
  broker: TestBroker,
  dataDir: string,
  publish: (bodies: readonly string[]) => Promise<void>,
  shop: Shop,
): Promise<string> {
  const before = await shop.status();
  const flood = broker.messagesMost ?? floodMessages;
  const text = "x".repeat(Math.max(40, Math.ceil(floodBytes / flood)));
  const database = new Database(join(dataDir, "messages.db"));
  database.run("PRAGMA busy_timeout = 20000");
  database.run("BEGIN IMMEDIATE");
  try {
    for (let at = 0; at < flood; at += chunk) {
      await publish(
        Array.from({ length: chunk }, (_, i) =>
          JSON.stringify({
            app_id: "shop",
            message_id: `f-${at + i}`,
            event: "created",
            attributes: { text },
          }),
        ),
      );
    }
    await shop.reached(({ state }) => state === "waiting", "it waits for Mars");
  } finally {
    database.run("ROLLBACK");
    database.close();
  }
  await shop.reached(({ events }) => events >= before.events + flood, "all are accepted in the end", 60_000);
  const { waits, redelivered, events } = await shop.status();
  // Of a queue that repeats messages by itself, repeats may be under way still.
  const most = before.events + flood + (broker.repeats ? redelivered : 0);
  if (events > most || (redelivered > 0 && !broker.repeats))
    throw new Error(`${events - before.events} events of ${flood}, ${redelivered} sent again`);
  return `${flood} messages, ${waits} waits, ${redelivered} sent again`;
}
