/** The configuration of Mars, which `config.ts` parses from the settings. */
import type { AwsEnvironment } from "../core/aws-environment.ts";
import type { LogLevel } from "../core/ports.ts";
import type { Role } from "../core/role.ts";
import type { SamplerName } from "../core/spans.ts";

/** The effective configuration. */
export interface Config {
  /** No setting of Mars: the variables of AWS. */
  readonly aws?: AwsEnvironment;
  /** The path of the configuration file; empty for none. */
  readonly configFile: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly httpPort: number;
  /** 0 picks a free one. */
  readonly grpcPort: number;
  readonly dataDir: string;
  /** Never empty and without secrets. */
  readonly databaseUrl: string;
  readonly acceptDatabaseDamage: boolean;
  /** Empty when there is none. */
  readonly databaseAuthToken: string;
  /** 0 keeps messages for ever. */
  readonly retentionMs: number;
  readonly countsRetentionMs: number;
  /** How far an event may be dated ahead of its receipt. */
  readonly skewMaxMs: number;
  /** Names of attributes whose values are replaced before an event reaches the disk. */
  readonly maskAttributes: readonly string[];
  readonly logLevel: LogLevel;
  /** `auto`: text where stderr is a terminal. */
  readonly logFormat: "auto" | "json" | "text";
  /** Empty when there is none. */
  readonly adminKey: string;
  readonly anonymous: boolean;
  /** Paths of PEM files; both empty when both ports speak cleartext. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** The path of a PEM file; empty when clients are asked for no certificate. */
  readonly tlsClientCa: string;
  /** Whether every client must have a certificate. */
  readonly tlsClientRequired: boolean;
  /** Whether `GET /api/create_event` and `GET /api/test_socket` exist. */
  readonly testEndpoints: boolean;
  /** Events a second of each caller, and at once; 0 for no limit, and for a burst by the rate. */
  readonly limitEvents: number;
  readonly limitBurst: number;
  /** Of each caller at one time; 0 for no limit beside its share. */
  readonly limitRequests: number;
  readonly limitStreams: number;
  readonly limitSubscriptions: number;
  readonly limitBodyBytes: number;
  readonly journalBytesMax: number;
  /** Whether to start with a journal that has lost what was acknowledged. */
  readonly acceptJournalLoss: boolean;
  readonly collectors: number;
  readonly batchEventsMax: number;
  readonly shutdownTimeoutMs: number;
  /** 0 for none. */
  readonly startGraceMs: number;
  readonly socketBufferBytesMax: number;
  readonly idleTimeoutMs: number;
  /** The origin under which browsers reach Mars, such as `https://mars.example.com`; empty when there is none of its own. */
  readonly publicUrl: string;
  /** Names, beside those of this machine, by which requests may call Mars; `*` for any. */
  readonly allowedHosts: readonly string[];
  /** Origins beside Mars' own whose pages may read, change things and open WebSockets; `*` for any. */
  readonly allowedOrigins: readonly string[];
  /** Patterns of the apps whose badge is shown without a key. */
  readonly badges: readonly string[];
  /** Where a trace is shown, with `{trace_id}` in it; empty where that is not known. */
  readonly traceUrl: string;
  /** Of the collector that spans are sent to, without `/v1/traces`; empty where none are. */
  readonly otlpEndpoint: string;
  readonly otlpHeaders: Readonly<Record<string, string>>;
  readonly otlpService: string;
  readonly traceSampler: SamplerName;
  /** From 0 to 1. */
  readonly traceSamplerRatio: number;
  /** Bytes of an event's attributes as JSON. */
  readonly attributesBytesMax: number;
  /** Attributes of OTLP records that hold the id of the message, the first that there is; `trace_id` is their trace. */
  readonly otlpMessageIds: readonly string[];
  /** Whether a span is an event at its start, too. */
  readonly otlpSpanStarts: boolean;
  /** Paths to the id of the message in CloudEvents and in calls of Segment. */
  readonly cloudEventsMessageIds: readonly string[];
  readonly segmentMessageIds: readonly string[];
  /** The issuer by which people sign in; empty when there is none. */
  readonly oidcIssuer: string;
  readonly oidcClientId: string;
  /** Empty for a public client. */
  readonly oidcClientSecret: string;
  /** Separated by blanks. */
  readonly oidcScopes: string;
  readonly oidcClaim: string;
  readonly oidcRoles: readonly Role[];
  /** Hosts, addresses and CIDR ranges that alerts may be sent to though they are not public; `*` for any. */
  readonly alertAllow: readonly string[];
  /** `file:DIRECTORY` or `s3://BUCKET/PREFIX`; empty where Mars makes no backups by itself. */
  readonly backupUrl: string;
  readonly backupEveryMs: number;
  readonly backupKeep: number;
  /** An origin; empty for Amazon's. */
  readonly backupS3Endpoint: string;
  readonly backupS3Region: string;
  readonly backupS3KeyId: string;
  readonly backupS3Secret: string;
  /** Of a temporary key; empty for none. */
  readonly backupS3Token: string;
  /** Both empty when alerts go to no mailbox. */
  readonly smtpUrl: string;
  readonly smtpFrom: string;
}
