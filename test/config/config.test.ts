import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, rows } from "../../src/config/config.ts";
import { type ConfigResult, parseConfig } from "../../src/config/parse.ts";
import { flagOf } from "../../src/config/sources.ts";
import { effectiveText, helpText, settingsTable } from "../../src/config/text.ts";

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function parse({ argv = [], env = {}, files = {} }: Given = {}): ConfigResult {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  };
  return parseConfig({ argv, env, readFile });
}

function config(given: Given = {}): Config {
  const result = parse(given);
  if (!result.ok) throw new Error(result.problems.join("\n"));
  return result.config;
}

function problems(given: Given): readonly string[] {
  const result = parse(given);
  return result.ok ? [] : result.problems;
}

test("without any setting Mars keeps to itself: loopback, ./data, two weeks", () => {
  expect(config()).toEqual({
    aws: { metadataUrl: "http://169.254.169.254" },
    configFile: "",
    host: "127.0.0.1",
    httpPort: 4000,
    grpcPort: 4025,
    dataDir: "./data",
    databaseUrl: "file:./data/messages.db",
    databaseAuthToken: "",
    acceptDatabaseDamage: false,
    retentionMs: 14 * 86_400_000,
    logLevel: "info",
    logFormat: "auto",
    adminKey: "",
    anonymous: false,
    tlsCert: "",
    tlsKey: "",
    tlsClientCa: "",
    tlsClientRequired: false,
    testEndpoints: false,
    limitEvents: 1_000_000,
    limitBurst: 0,
    limitRequests: 0,
    limitStreams: 0,
    limitSubscriptions: 0,
    limitBodyBytes: 0,
    journalBytesMax: 2 * 1024 ** 3,
    acceptJournalLoss: false,
    collectors: 10,
    batchEventsMax: 20_000,
    shutdownTimeoutMs: 20_000,
    startGraceMs: 10_000,
    skewMaxMs: 300_000,
    countsRetentionMs: 90 * 86_400_000,
    socketBufferBytesMax: 4 * 1024 ** 2,
    idleTimeoutMs: 90_000,
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
    oidcScopes: "openid profile email groups",
    oidcClaim: "groups",
    oidcRoles: [],
    alertAllow: [],
    smtpUrl: "",
    backupUrl: "",
    backupEveryMs: 86_400_000,
    backupKeep: 7,
    backupS3Endpoint: "",
    backupS3Region: "us-east-1",
    backupS3KeyId: "",
    backupS3Secret: "",
    backupS3Token: "",
    smtpFrom: "",
  });
});

describe("where a value comes from", () => {
  test("a flag wins over the variable, the variable over its common name, that over the default", () => {
    const env = { MARS_HTTP_PORT: "2", PORT: "3" };
    expect(config({ argv: ["--http-port", "1"], env }).httpPort).toBe(1);
    expect(config({ argv: ["--http-port=1"], env }).httpPort).toBe(1);
    expect(config({ env }).httpPort).toBe(2);
    expect(config({ env: { PORT: "3" } }).httpPort).toBe(3);
  });

  test("a flag that is on or off needs no value to be on", () => {
    for (const argv of [["--accept-journal-loss"], ["--accept-journal-loss", "--collectors", "3"]])
      expect(config({ argv }).acceptJournalLoss).toBe(true);
    expect(config({ argv: ["--accept-journal-loss", "0"] }).acceptJournalLoss).toBe(false);
    expect(problems({ argv: ["--collectors", "--accept-journal-loss"] })).toEqual([
      "--collectors needs a value",
    ]);
  });

  test("every setting has a flag and can be read from a file, without the file's last newline", () => {
    const texts: Record<string, string> = {
      MARS_ADMIN_KEY: "a-secret-of-thirty-two-characters",
      MARS_DATABASE_URL: "http://db:8080",
      MARS_PUBLIC_URL: "https://mars.example.com",
      MARS_OTLP_ENDPOINT: "http://127.0.0.1:4318",
      MARS_OTLP_HEADERS: "api-key=secret",
      MARS_TRACE_URL: "https://jaeger.example.com/trace/{trace_id}",
      MARS_ALLOWED_ORIGINS: "*",
      MARS_SMTP_URL: "smtp://mail",
      MARS_OIDC_ISSUER: "https://login.example.com",
      MARS_OIDC_ROLES: "admins=ad:*",
      MARS_BACKUP_URL: "file:/backups",
      MARS_BACKUP_S3_ENDPOINT: "https://minio.example.com",
    };
    const publicUrl = "--public-url=https://mars.example.com";
    const issuer = "--oidc-issuer=https://login.example.com";
    const [clientId, roles] = ["--oidc-client-id=mars", "--oidc-roles=admins=ad:*"];
    for (const row of rows) {
      const text = row.default || texts[row.name] || "x";
      const extra: Record<string, string | string[]> = {
        MARS_DATABASE_AUTH_TOKEN: "--database-url=http://db",
        MARS_TLS_CERT: "--tls-key=k",
        MARS_TLS_KEY: "--tls-cert=c",
        MARS_TLS_CLIENT_CA: ["--tls-cert=c", "--tls-key=k"],
        MARS_OIDC_ISSUER: [publicUrl, clientId, roles],
        MARS_OIDC_CLIENT_ID: [publicUrl, issuer, roles],
        MARS_OIDC_CLIENT_SECRET: [publicUrl, issuer, clientId, roles],
        MARS_OIDC_ROLES: [publicUrl, issuer, clientId],
        MARS_SMTP_URL: "--smtp-from=mars@example.com",
        MARS_SMTP_FROM: "--smtp-url=smtp://mail",
      };
      const argv = [extra[row.name] ?? []].flat();
      const files = { "/run/value": `${text}\n` };
      for (const given of [
        { argv: [...argv, flagOf(row.name), text] },
        { argv: [...argv, `${flagOf(row.name)}-file`, "/run/value"], files },
        { argv, env: { [`${row.name}_FILE`]: "/run/value" }, files },
        { argv, env: { [row.name]: text } },
      ]) {
        expect([row.name, problems(given)]).toEqual([row.name, []]);
      }
    }
  });

  test("a value and a file for it at once are refused", () => {
    const files = { "/f": "x" };
    const url = { MARS_DATABASE_URL: "http://db" };
    expect(
      problems({
        env: { ...url, MARS_DATABASE_AUTH_TOKEN: "a", MARS_DATABASE_AUTH_TOKEN_FILE: "/f" },
        files,
      }),
    ).toEqual(["MARS_DATABASE_AUTH_TOKEN and MARS_DATABASE_AUTH_TOKEN_FILE are both set: keep one of them"]);
    expect(problems({ argv: ["--host", "a", "--host-file", "/f"], files })).toEqual([
      "--host and --host-file are both given: keep one of them",
    ]);
  });

  test("a file that cannot be read is named", () => {
    expect(problems({ env: { MARS_HOST_FILE: "/nowhere" } })).toEqual([
      "MARS_HOST_FILE cannot be read: ENOENT: no such file or directory, open '/nowhere'",
    ]);
  });

  test("an empty variable counts as absent", () => {
    expect(config({ env: { MARS_HTTP_PORT: "", PORT: "", MARS_RETENTION: "" } }).httpPort).toBe(4000);
  });

  test("the database is in the data directory unless it is elsewhere", () => {
    expect(config({ argv: ["--data-dir", "/var/lib/mars/"] }).databaseUrl).toBe(
      "file:/var/lib/mars/messages.db",
    );
    expect(config({ argv: ["--data-dir", "/50% off?"] }).databaseUrl).toBe("file:/50%25 off%3F/messages.db");
    expect(config({ argv: ["--database-url", "file:/else/m.db"] }).databaseUrl).toBe("file:/else/m.db");
  });
});

describe("what is refused", () => {
  const cases: readonly [title: string, given: Given, problem: string][] = [
    ["a misspelt flag", { argv: ["--http-prt", "1"] }, "unknown flag --http-prt: did you mean --http-port?"],
    ["an argument that is no flag", { argv: ["--host", "h", "now"] }, "unknown argument now"],
    ["a flag without its value", { argv: ["--host"] }, "--host needs a value"],
    ["a flag in place of a value", { argv: ["--host", "--collectors", "1"] }, "--host needs a value"],
    [
      "a flag given twice",
      { argv: ["--collectors", "1", "--collectors", "2"] },
      "--collectors is given twice",
    ],
    [
      "a misspelt variable",
      { env: { MARS_DATA_DIRR: "x" } },
      "unknown variable MARS_DATA_DIRR: did you mean MARS_DATA_DIR?",
    ],
    [
      "a port out of range",
      { argv: ["--http-port", "65536"] },
      '--http-port must be a whole number from 0 to 65535, is "65536"',
    ],
    [
      "a negative port",
      { argv: ["--http-port", "-1"] },
      '--http-port must be a whole number from 0 to 65535, is "-1"',
    ],
    [
      "a fraction",
      { env: { MARS_COLLECTORS: "1.5" } },
      'MARS_COLLECTORS must be a whole number from 1 to 256, is "1.5"',
    ],
    [
      "no collectors",
      { env: { MARS_COLLECTORS: "0" } },
      'MARS_COLLECTORS must be a whole number from 1 to 256, is "0"',
    ],
    [
      "a duration without a unit",
      { env: { MARS_SHUTDOWN_TIMEOUT: "20" } },
      'MARS_SHUTDOWN_TIMEOUT must be a number and a unit (ms, s, m, h, d) from 100ms to 1h, is "20"',
    ],
    [
      "a retention of 0, which could mean either end",
      { env: { MARS_RETENTION: "0" } },
      'MARS_RETENTION must be a number and a unit (ms, s, m, h, d) from 1s to 36500d, or off, is "0"',
    ],
    [
      "an unknown unit of bytes",
      { env: { MARS_JOURNAL_MAX: "2GB" } },
      'MARS_JOURNAL_MAX must be a number of bytes, or of KiB, MiB or GiB, from 1MiB to 1024GiB, is "2GB"',
    ],
    [
      "an unknown level",
      { env: { MARS_LOG_LEVEL: "loud" } },
      'MARS_LOG_LEVEL must be one of debug, info, warn, error, is "loud"',
    ],
    [
      "neither yes nor no",
      { env: { MARS_TEST_ENDPOINTS: "maybe" } },
      'MARS_TEST_ENDPOINTS must be 1 or 0, is "maybe"',
    ],
    ["an empty host", { argv: ["--host="] }, '--host must not be empty, is ""'],
    [
      "one port for both",
      { argv: ["--grpc-port", "4000"] },
      "MARS_HTTP_PORT and MARS_GRPC_PORT must differ, both are 4000",
    ],
    [
      "a certificate without its key",
      { argv: ["--tls-cert", "c"] },
      "MARS_TLS_CERT needs MARS_TLS_KEY beside it",
    ],
    [
      "a key without its certificate",
      { argv: ["--tls-key", "c"] },
      "MARS_TLS_KEY needs MARS_TLS_CERT beside it",
    ],
    [
      "an authority for clients without a certificate",
      { argv: ["--tls-client-ca", "c"] },
      "MARS_TLS_CLIENT_CA needs MARS_TLS_CERT and MARS_TLS_KEY beside it",
    ],
    [
      "required certificates without an authority",
      { argv: ["--tls-client-required"] },
      "MARS_TLS_CLIENT_REQUIRED needs MARS_TLS_CLIENT_CA beside it",
    ],
    [
      "a token for a file",
      { env: { MARS_DATABASE_AUTH_TOKEN: "s3cret" } },
      "MARS_DATABASE_AUTH_TOKEN is for a libSQL server, but the database is a file: set MARS_DATABASE_URL too",
    ],
    [
      "a database in memory",
      { env: { MARS_DATABASE_URL: "file::memory:" } },
      "MARS_DATABASE_URL must name a file: Mars does not forget on purpose",
    ],
    [
      "another database's URL",
      { env: { MARS_DATABASE_URL: "postgres://db/mars" } },
      "MARS_DATABASE_URL must begin with file:, libsql://, https://, http://, wss:// or ws://",
    ],
    [
      "more masked names than one mask has",
      { env: { MARS_MASK_ATTRIBUTES: Array.from({ length: 65 }, (_, n) => `n${n}`).join() } },
      `MARS_MASK_ATTRIBUTES must be at most 64 names, separated by commas, is "${Array.from({ length: 65 }, (_, n) => `n${n}`).join()}"`,
    ],
    [
      "an origin with a path",
      { env: { MARS_ALLOWED_ORIGINS: "https://a.example, https://b.example/x" } },
      'MARS_ALLOWED_ORIGINS must be origins such as https://mars.example.com, separated by commas, or *, is "https://a.example, https://b.example/x"',
    ],
  ];
  for (const [title, given, problem] of cases) {
    test(title, () => expect(problems(given)).toEqual([problem]));
  }

  test("all problems are reported at once", () => {
    expect(
      problems({ argv: ["--collectors", "x"], env: { MARS_HTTP_PORT: "x", MARS_OOPS: "1" } }),
    ).toHaveLength(3);
  });
});

test("0 for both ports is two free ports, not one port twice", () => {
  expect(config({ argv: ["--http-port", "0", "--grpc-port", "0"] })).toMatchObject({
    httpPort: 0,
    grpcPort: 0,
  });
});

test("durations and sizes take their units", () => {
  const { retentionMs, journalBytesMax, shutdownTimeoutMs } = config({
    argv: ["--retention", "36h", "--journal-max", "512MiB", "--shutdown-timeout", "1500ms"],
  });
  expect({ retentionMs, journalBytesMax, shutdownTimeoutMs }).toEqual({
    retentionMs: 36 * 3_600_000,
    journalBytesMax: 512 * 1024 ** 2,
    shutdownTimeoutMs: 1500,
  });
  expect(config({ argv: ["--retention", "off"] }).retentionMs).toBe(0);
});

test("what Kubernetes says about a service called mars is not taken for a setting", () => {
  const env = {
    MARS_PORT: "tcp://10.0.0.1:4000",
    MARS_PORT_4000_TCP: "tcp://10.0.0.1:4000",
    MARS_PORT_4000_TCP_ADDR: "10.0.0.1",
    MARS_SERVICE_HOST: "10.0.0.1",
    MARS_SERVICE_PORT_HTTP: "4000",
  };
  expect(config({ env })).toEqual(config());
  // A service called mars-grpc takes the very name of a setting: nothing but a clear word helps.
  expect(problems({ env: { MARS_GRPC_PORT: "tcp://10.0.0.1:4025" } })[0]).toContain(
    "enableServiceLinks: false",
  );
});

describe("secrets", () => {
  const token = "s3cret-token";

  test("are hidden in the effective configuration, which says where they came from", () => {
    const result = parse({
      argv: ["--database-url", "libsql://db.example.com"],
      env: { MARS_DATABASE_AUTH_TOKEN_FILE: "/run/secrets/token" },
      files: { "/run/secrets/token": `${token}\n` },
    });
    if (!result.ok) throw new Error(result.problems.join());
    expect(result.config.databaseAuthToken).toBe(token);
    const text = effectiveText(result.effective);
    expect(text).not.toContain(token);
    expect(text).toMatch(
      /^MARS_DATABASE_AUTH_TOKEN +\(hidden\) +MARS_DATABASE_AUTH_TOKEN_FILE \(\/run\/secrets\/token\)$/m,
    );
  });

  test("do not belong in the database's URL, and the refusal does not repeat them", () => {
    for (const url of [
      `postgres://user:${token}@db`,
      `https://db.example.com?authToken=${token}`,
      `https://user:${token}@db.example.com`,
    ]) {
      const [problem = ""] = problems({ env: { MARS_DATABASE_URL: url } });
      expect(problem).toStartWith("MARS_DATABASE_URL must");
      expect(problem).not.toContain(token);
    }
  });
});

test("the help names every setting by its flag and its variable", () => {
  const help = helpText("1.2.3", "  list  Messages\n");
  for (const { name } of rows) {
    expect(help).toContain(flagOf(name));
    expect(help).toContain(name);
  }
});

test("the reference's table of settings is the one in config.ts (npm run generate writes it)", () => {
  expect(readFileSync(join(import.meta.dir, "../../docs/reference.md"), "utf8")).toContain(
    settingsTable(rows),
  );
});
