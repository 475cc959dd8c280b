/** mosquitto, with a user and a password: `apt-get install mosquitto`. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { type Link, openLink } from "../../../src/brokers/mqtt/mqtt-link.ts";
import { Publications } from "../../../src/brokers/mqtt/mqtt-publications.ts";
import { freePort } from "../../support/free-port.ts";
import {
  brokerPassword,
  brokerUser,
  type Outgoing,
  startServer,
  type TestBroker,
  untilDone,
} from "./test-broker.ts";

/** In Debian it is where only root's `PATH` reaches. */
const program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"].find(existsSync);
/** Published and not acknowledged. */
const atOnce = 50;
const clientId = "mars-test";
const sessionSeconds = 3_600;

export async function startMosquitto(directory: string): Promise<TestBroker> {
  if (program === undefined) throw new Error("no mosquitto: apt-get install mosquitto");
  const port = await freePort();
  const passwords = join(directory, "passwords");
  const data = join(directory, "data");
  const config = join(directory, "mosquitto.conf");
  mkdirSync(data);
  writeFileSync(passwords, `${brokerUser}:${brokerPassword}\n`, { mode: 0o600 });
  Bun.spawnSync(["mosquitto_passwd", "-U", passwords]);
  writeFileSync(
    config,
    configuration.replace("PORT", String(port)).replace("PASSWORDS", passwords).replace("DATA", data),
  );
  const log = join(directory, "mosquitto.log");
  const url = `mqtt://${brokerUser}:${brokerPassword}@127.0.0.1:${port}`;
  const publisher = new Client(url, "test-publisher");
  const dead = new Client(url, "test-dead", { topic: "dead" });
  const start = () => startServer([program, "-c", config], { log, ready: () => publisher.reach() });
  let server: Subprocess = await start();
  return {
    engine: "mqtt",
    async prepare() {
      // A broker has no messages for those who subscribe later: the session is there before Mars is.
      const session = new Client(url, clientId, { topic: "events/+", clean: false });
      for (const client of [dead, session]) await (await client.reach()).subscribed;
      await session.close();
    },
    async publish(messages) {
      for (let at = 0; at < messages.length; at += atOnce)
        await Promise.all(
          messages.slice(at, at + atOnce).map((message) => untilDone(() => publisher.publish(message))),
        );
    },
    url({ password = brokerPassword, deadLetter = false } = {}) {
      const target = deadLetter ? "&dead_letter=dead" : "";
      return `mqtt://${brokerUser}:${password}@127.0.0.1:${port}?topic=events/%2B&client_id=${clientId}${target}`;
    },
    sink: {
      url: `${url}?topic=dead`,
      async down() {
        server.kill("SIGTERM");
        await server.exited;
      },
      async up() {
        server = await start();
        await (await dead.reach()).subscribed;
      },
    },
    async kill() {
      // Killed, it loses messages that it has acknowledged: it writes its sessions from time to time, and at its end.
      server.kill("SIGTERM");
      await server.exited;
      server = await start();
    },
    deadLetters: async () => dead.received,
    async stop() {
      await Promise.all([publisher.close(), dead.close()]);
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

const configuration = `listener PORT 127.0.0.1
allow_anonymous false
password_file PASSWORDS
persistence true
persistence_location DATA/
autosave_interval 1800
max_queued_messages 0
max_inflight_messages 0
user root
`;

interface Opened {
  readonly link: Link;
  readonly publications: Publications;
  readonly subscribed: Promise<void>;
}

/** Opens another link where the last one is lost. */
class Client {
  readonly received: { readonly id: string; readonly body: string; readonly reason: string }[] = [];
  readonly #url: string;
  readonly #clientId: string;
  readonly #session: { readonly topic?: string; readonly clean?: boolean };
  #open: Promise<Opened> | undefined;

  constructor(
    url: string,
    clientId: string,
    session: { readonly topic?: string; readonly clean?: boolean } = {},
  ) {
    this.#url = url;
    this.#clientId = clientId;
    this.#session = session;
  }

  reach() {
    this.#open ??= this.#connect().catch((error) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  async publish({ id, body, headers = {} }: Outgoing): Promise<void> {
    const { publications } = await this.reach();
    await publications.publish("events/shop", { id, body, headers });
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    await open?.link.close();
  }

  async #connect(): Promise<Opened> {
    const { topic, clean = true } = this.#session;
    const subscribed = Promise.withResolvers<void>();
    let publications: Publications | undefined;
    const link = await openLink({
      url: this.#url,
      clientId: this.#clientId,
      clean,
      sessionSeconds,
      receiveMax: 1_000,
      packetBytesMax: 16 * 1024 * 1024,
      onPacket: (packet) => {
        if (packet.cmd === "suback") subscribed.resolve();
        if (packet.cmd === "puback") publications?.acknowledged(packet);
        if (packet.cmd !== "publish") return;
        const { "mars-id": id = "", "mars-reason": reason = "" } = packet.properties?.userProperties ?? {};
        this.received.push({ id: String(id), body: String(packet.payload), reason: String(reason) });
        link.send([{ cmd: "puback", messageId: packet.messageId ?? 0, reasonCode: 0 }]);
      },
      onLost: (error) => {
        this.#open = undefined;
        publications?.fail(error);
      },
    });
    publications = new Publications(link);
    if (topic !== undefined)
      link.send([{ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] }]);
    return { link, publications, subscribed: subscribed.promise };
  }
}
