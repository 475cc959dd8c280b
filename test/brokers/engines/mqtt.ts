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
  type StartOptions,
  startServer,
  type TestBroker,
  untilDone,
} from "./test-broker.ts";
import { createTestTls, type TestTls, tlsMembers } from "./test-tls.ts";

/** In Debian it is where only root's `PATH` reaches. */
const program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"].find(existsSync);
/** Published and not acknowledged. */
const atOnce = 50;
const clientId = "mars-test";
const sessionSeconds = 3_600;

/** The user of the tests themselves. */
const tester = { name: "tester", password: "own" };

export async function startMosquitto(
  directory: string,
  { tls: wantsTls = false }: StartOptions = {},
): Promise<TestBroker> {
  if (program === undefined) throw new Error("no mosquitto: apt-get install mosquitto");
  const [port, tlsPort] = [await freePort(), await freePort()];
  const tls = wantsTls ? createTestTls(directory) : undefined;
  const passwords = join(directory, "passwords");
  const data = join(directory, "data");
  const config = join(directory, "mosquitto.conf");
  mkdirSync(data);
  const setPassword = (password: string) => {
    const users = `${brokerUser}:${password}\n${tester.name}:${tester.password}\n`;
    writeFileSync(passwords, users, { mode: 0o600 });
    Bun.spawnSync(["mosquitto_passwd", "-U", passwords]);
  };
  setPassword(brokerPassword);
  writeFileSync(
    config,
    configuration.replace("PORT", String(port)).replace("PASSWORDS", passwords).replace("DATA", data) +
      (tls === undefined ? "" : tlsListener(tlsPort, tls)),
  );
  const log = join(directory, "mosquitto.log");
  const url = `mqtt://${tester.name}:${tester.password}@127.0.0.1:${port}`;
  const publisher = new Client(url, "test-publisher");
  const dead = new Client(url, "test-dead", { topic: "dead" });
  const start = () => startServer([program, "-c", config], { log, ready: () => publisher.reach() });
  let server: Subprocess = await start();
  const down = async () => {
    // Killed, it loses messages that it has acknowledged: it writes its sessions from time to time, and at its end.
    server.kill("SIGTERM");
    await server.exited;
  };
  const up = async () => {
    server = await start();
    // What is published to nobody is nowhere.
    await (await dead.reach()).subscribed;
  };
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
    url({ password = brokerPassword, deadLetter = false, tls: urlTls } = {}) {
      const members = new URLSearchParams({
        ...{ topic: "events/+", client_id: clientId },
        ...(deadLetter && { dead_letter: "dead" }),
        ...(tls && urlTls && tlsMembers(tls, urlTls)),
      });
      const user = `${brokerUser}:${password}`;
      if (urlTls !== undefined) return `mqtts://${user}@${urlTls.host}:${tlsPort}?${members}`;
      return `mqtt://${user}@127.0.0.1:${port}?${members}`;
    },
    async setPassword(password) {
      setPassword(password);
      // It looks at passwords when someone connects.
      await down();
      await up();
    },
    down,
    up,
    sink: { url: `${url}?topic=dead` },
    async kill() {
      await down();
      await up();
    },
    deadLetters: async () => dead.received,
    async stop() {
      await Promise.all([publisher.close(), dead.close()]);
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

function tlsListener(port: number, { files }: TestTls): string {
  return `listener ${port} 127.0.0.1
cafile ${files.ca}
certfile ${files.cert}
keyfile ${files.key}
require_certificate true
`;
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
