/**
 * Kafka of one node, from its jars of Maven: `apt-get install maven default-jre-headless`. They are kept in `.cache/`. It has a listener without
 * users, and one with TLS and SASL, which the collector reads from.
 */
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Admin, Consumer, MessagesStreamModes, ProduceAcks, Producer } from "@platformatic/kafka";
import type { Subprocess } from "bun";
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

const version = "4.2.1";
const jars = resolve(import.meta.dir, `../../../.cache/kafka-${version}`);
const partitions = 4;
const reauthMs = 8_000;
const clusterId = "bWFycy1vZi10aGUtdGVzdA";
const compressions = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

export async function startKafka(
  directory: string,
  { tls: wantsCertificate = false }: StartOptions = {},
): Promise<TestBroker> {
  installJars();
  const [port, securePort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const tls = createTestTls(directory);
  const config = join(directory, "server.properties");
  writeFileSync(config, propertiesOf(directory, { port, securePort, controllerPort, tls, wantsCertificate }));
  writeFileSync(join(directory, "log4j2.yaml"), logging);
  const log = join(directory, "kafka.log");
  await format(directory, config, log);
  const plain = `127.0.0.1:${port}`;
  const client = {
    clientId: "test",
    bootstrapBrokers: [plain],
    retries: 2,
    retryDelay: 200,
    connectTimeout: 2_000,
  };
  const admin = new Admin(client);
  const start = () =>
    startServer([...java(directory), "kafka.Kafka", config], {
      log,
      ready: () => admin.listTopics(),
    });
  let server: Subprocess = await start();
  const producer = new Producer({ ...client, retries: 0 });
  let sent = 0;
  const send = (messages: readonly Outgoing[], compression: (typeof compressions)[number]) =>
    producer.send({
      messages: messages.map(({ id, body, headers = {} }) => ({
        topic: "events",
        key: Buffer.from(id),
        value: Buffer.from(body),
        headers: new Map(
          Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
        ),
      })),
      acks: ProduceAcks.ALL,
      compression,
    });
  const down = async () => {
    server.kill("SIGKILL");
    await server.exited;
  };
  const up = async () => {
    server = await start();
  };
  return {
    engine: "kafka",
    async prepare() {
      await admin.createTopics({ topics: ["events"], partitions, replicas: 1 });
      await admin.createTopics({ topics: ["dead"], partitions: 1, replicas: 1 });
    },
    async publish(messages) {
      const compression = compressions[sent++ % compressions.length] ?? "none";
      let left = messages;
      while (left.length > 0) {
        try {
          await send(left, compression);
          return;
        } catch {
          // Some may be there nevertheless.
          const keys = new Set((await untilDone(() => readAll(client, "events"))).map(({ key }) => key));
          left = left.filter(({ id }) => !keys.has(id));
        }
      }
    },
    url({
      password = brokerPassword,
      deadLetter = false,
      instance = "mars-1",
      tls: urlTls,
      plain: open = false,
    } = {}) {
      const { certificate, host } = urlTls ?? { certificate: wantsCertificate, host: "localhost" };
      const members = new URLSearchParams({
        topic: "events",
        instance,
        ...(!open && { sasl: "scram-sha-256", ...tlsMembers(tls, { certificate, host }) }),
        ...(deadLetter && { dead_letter: "dead" }),
      });
      if (open) return `kafka://${plain}?${members}`;
      return `kafkas://${brokerUser}:${password}@${host}:${securePort}?${members}`;
    },
    async setPassword(password) {
      const scram = `SCRAM-SHA-256=[password=${password}]`;
      const user = ["--entity-type", "users", "--entity-name", brokerUser];
      const change = ["--bootstrap-server", plain, "--alter", "--add-config", scram, ...user];
      // Connections end when they have to prove once more who they are: see `connections.max.reauth.ms`.
      await run([...java(directory), "kafka.admin.ConfigCommand", ...change], log);
    },
    sink: { url: `kafka://${plain}?topic=dead` },
    down,
    up,
    async kill() {
      await down();
      await up();
    },
    async deadLetters() {
      const records = await readAll(client, "dead");
      return records.map(({ value, headers }) => ({
        ...(headers["mars-id"] !== undefined && { id: headers["mars-id"] }),
        body: value,
        reason: headers["mars-reason"] ?? "",
      }));
    },
    async publishTombstones(keys) {
      // The types of the library want a value; the protocol does not.
      const messages = keys.map((key) => ({ topic: "events", key: Buffer.from(key) }));
      await producer.send({ messages, acks: ProduceAcks.ALL });
    },
    async setPartitions(count) {
      await admin.createPartitions({ topics: [{ name: "events", count, assignments: null }] });
    },
    async stop() {
      await Promise.all([admin.close(), producer.close()]).catch(() => undefined);
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

interface Places {
  readonly port: number;
  readonly securePort: number;
  readonly controllerPort: number;
  readonly tls: TestTls;
  readonly wantsCertificate: boolean;
}

function propertiesOf(
  directory: string,
  { port, securePort, controllerPort, tls, wantsCertificate }: Places,
): string {
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const login = `username="${brokerUser}" password="${brokerPassword}" user_${brokerUser}="${brokerPassword}"`;
  const lines = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.bootstrap.servers": `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},SASL_SSL://localhost:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${plain} ${login};`,
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.key": oneLine(tls.server.key),
    "ssl.keystore.certificate.chain": oneLine(tls.server.cert),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": oneLine(tls.ca),
    "listener.name.sasl_ssl.ssl.client.auth": wantsCertificate ? "required" : "none",
    // A password that is no longer valid ends connections after so long.
    "connections.max.reauth.ms": reauthMs,
    "log.dirs": join(directory, "data"),
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "group.initial.rebalance.delay.ms": 0,
    // What is acknowledged survives more than the process.
    "log.flush.interval.messages": 1,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** With the users of SCRAM; that of PLAIN is in the configuration. */
async function format(directory: string, config: string, log: string): Promise<void> {
  const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${brokerUser},password=${brokerPassword}]`,
  ]);
  const format = ["format", "--standalone", "--cluster-id", clusterId, "--config", config];
  await run([...java(directory), "kafka.tools.StorageTool", ...format, ...users], log);
}

/** One of Kafka's own programs, to its end. */
async function run(command: readonly string[], log: string): Promise<void> {
  const child = Bun.spawn([...command], { stdout: Bun.file(`${log}.tool`), stderr: Bun.file(`${log}.tool`) });
  if ((await child.exited) !== 0) throw new Error(await Bun.file(`${log}.tool`).text());
}

function java(directory: string): string[] {
  const logs = `-Dlog4j2.configurationFile=${join(directory, "log4j2.yaml")}`;
  return ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", logs, "-cp", `${jars}/*`];
}

function installJars(): void {
  if (existsSync(join(jars, `kafka_2.13-${version}.jar`))) return;
  const project = join(jars, "..", "kafka-project");
  mkdirSync(project, { recursive: true });
  const dependency = `<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>`;
  writeFileSync(
    join(project, "pom.xml"),
    `<project><modelVersion>4.0.0</modelVersion><groupId>mars</groupId><artifactId>jars</artifactId><version>1</version>
<dependencies><dependency>${dependency}</dependency></dependencies></project>`,
  );
  const into = join(project, "jars");
  const { exitCode, stdout } = Bun.spawnSync(
    ["mvn", "-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${into}`],
    { cwd: project },
  );
  if (exitCode !== 0)
    throw new Error(`Kafka's jars could not be had from Maven: ${stdout.toString().slice(-500)}`);
  cpSync(into, jars, { recursive: true });
}

function oneLine(pem: string): string {
  return pem.trim().replaceAll("\n", "\\n");
}

const logging = `Configuration:
  Appenders:
    Console: { name: out, PatternLayout: { pattern: "%d %p %c{1} %m%n" } }
  Loggers:
    Root: { level: warn, AppenderRef: [{ ref: out }] }
`;

interface Read {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** All records of a topic, as they are now. */
async function readAll(
  client: { clientId: string; bootstrapBrokers: string[] },
  topic: string,
): Promise<Read[]> {
  const consumer = new Consumer({ ...client, groupId: `test-${randomUUID()}`, maxWaitTime: 200 });
  try {
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
    const found: Read[] = [];
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    });
    let left = ends.reduce((sum, end) => sum + end, 0n);
    if (left === 0n) return [];
    for await (const { key, value, headerEntries } of stream) {
      const headers = Object.fromEntries(headerEntries.map(([name, text]) => [String(name), String(text)]));
      found.push({ key: String(key), value: String(value), headers });
      left -= 1n;
      if (left === 0n) break;
    }
    return found;
  } finally {
    await consumer.close(true);
  }
}
