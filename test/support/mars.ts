/** A whole Mars in this process: real ports, a real database in a directory that goes away with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars as start } from "../../src/app/start.ts";
import type { Config } from "../../src/config/config.ts";
import type { Log } from "../../src/core/ports.ts";
import { bunServers } from "../../src/edge/bun-servers.ts";
import { createLog } from "../../src/runtime/log.ts";

export interface TestMars {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** `http://127.0.0.1:port`, `https:` where it has a certificate; without a slash at its end. */
  readonly url: string;
  readonly dataDir: string;
  /** Reads the certificate again, as at SIGHUP. */
  reload(): Promise<void>;
  /** Stops it as SIGTERM does; the directory stays for `restart`, and goes with the test process's `dispose`. */
  stop(): Promise<void>;
  /** Stops it and starts another on the same directory, with other ports. */
  restart(overrides?: Partial<Config>): Promise<TestMars>;
  /** Stops it and removes its directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a test does not ask for is worth a line only where it is an error. */
function testLog(): Log {
  return createLog(process.env.MARS_TEST_LOG === "1" ? "debug" : "error");
}

/** Starts Mars with small timeouts and free ports; `overrides` are settings of `Config`. */
export async function startMars(overrides: Partial<Config> = {}, log = testLog()): Promise<TestMars> {
  const dataDir = overrides.dataDir ?? (await mkdtemp(join(tmpdir(), "mars-test-")));
  const config = testConfig(dataDir, overrides);
  const mars = await start(config, log, "test", bunServers);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= mars.stop());
  return {
    httpPort: mars.httpPort,
    grpcPort: mars.grpcPort,
    url: `${config.tlsCert === "" ? "http" : "https"}://127.0.0.1:${mars.httpPort}`,
    dataDir,
    reload: () => mars.reloadCertificates(),
    stop,
    async restart(more = {}) {
      await stop();
      return startMars({ ...overrides, ...more, dataDir }, log);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Free ports, an embedded database, everything kept. */
export function testConfig(dataDir: string, overrides: Partial<Config> = {}): Config {
  return {
    configFile: "",
    host: "127.0.0.1",
    httpPort: 0,
    grpcPort: 0,
    dataDir,
    databaseUrl: `file:${dataDir}/messages.db`,
    acceptDatabaseDamage: false,
    databaseAuthToken: "",
    retentionMs: 0,
    countsRetentionMs: 90 * 86_400_000,
    logLevel: "error",
    logFormat: "auto",
    adminKey: "",
    anonymous: false,
    tlsCert: "",
    tlsKey: "",
    tlsClientCa: "",
    tlsClientRequired: false,
    testEndpoints: true,
    limitEvents: 1_000_000,
    limitBurst: 0,
    limitRequests: 0,
    limitStreams: 0,
    limitSubscriptions: 0,
    limitBodyBytes: 0,
    journalBytesMax: 2 ** 31,
    acceptJournalLoss: false,
    collectors: 10,
    batchEventsMax: 20_000,
    shutdownTimeoutMs: 10_000,
    startGraceMs: 0,
    socketBufferBytesMax: 4 * 1024 * 1024,
    idleTimeoutMs: 90_000,
    skewMaxMs: 300_000,
    maskAttributes: [],
    publicUrl: "",
    allowedHosts: [],
    allowedOrigins: [],
    badges: [],
    traceUrl: "",
    otlpEndpoint: "",
    otlpHeaders: {},
    otlpService: "mars",
    traceSampler: "parentbased_always_off",
    traceSamplerRatio: 1,
    otlpMessageIds: [
      "mars.message_id",
      "messaging.message.conversation_id",
      "messaging.message.id",
      "trace_id",
    ],
    otlpSpanStarts: false,
    attributesBytesMax: 8_192,
    cloudEventsMessageIds: ["marsmessageid", "subject"],
    segmentMessageIds: ["properties.mars_message_id", "properties.message_id", "properties.order_id"],
    oidcIssuer: "",
    oidcClientId: "",
    oidcClientSecret: "",
    oidcScopes: "openid",
    oidcClaim: "groups",
    oidcRoles: [],
    backupUrl: "",
    backupEveryMs: 86_400_000,
    backupKeep: 7,
    backupS3Endpoint: "",
    backupS3Region: "us-east-1",
    backupS3KeyId: "",
    backupS3Secret: "",
    backupS3Token: "",
    alertAllow: [],
    smtpUrl: "",
    smtpFrom: "",
    ...overrides,
  };
}
