/**
 * Every setting of Mars in one table: its names, default, unit and meaning. The parser (`parse.ts`), `mars --help`, `mars config check`
 * and the reference's table all come from it.
 */
import { collectorsDefault } from "../core/limits.ts";
import { maskNamesMax } from "../core/mask.ts";
import { accessSettings } from "./access-settings.ts";
import { backupSettings } from "./backup-settings.ts";
import { formatSettings } from "./format-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import { oidcSettings } from "./oidc-settings.ts";
import type { Setting } from "./setting.ts";
import { traceSettings } from "./trace-settings.ts";
import type { Config } from "./type.ts";
import {
  addresses,
  bytes,
  databaseUrl,
  duration,
  durationOrOff,
  flag,
  integer,
  names,
  oneOf,
  optionalText,
  port,
  requiredText,
  smtpUrl,
} from "./values.ts";

export type { Config } from "./type.ts";

export const settings: { readonly [K in keyof Omit<Config, "aws">]: Setting<Config[K]> } = {
  configFile: {
    name: "MARS_CONFIG",
    default: "",
    unit: "path",
    meaning:
      "A file in YAML with settings, which flags and variables override, and with declared rules, sinks and lifecycles: see [Configuration file](config.md)",
    parse: optionalText,
  },
  host: {
    name: "MARS_HOST",
    default: "127.0.0.1",
    unit: "address",
    meaning: "Where both ports listen; `0.0.0.0` for every interface",
    parse: requiredText,
  },
  httpPort: {
    name: "MARS_HTTP_PORT",
    alias: "PORT",
    default: "4000",
    unit: "port",
    meaning: "REST, Connect, gRPC-Web, WebSocket, server-sent events and the web page; 0 picks a free one",
    parse: port,
  },
  grpcPort: {
    name: "MARS_GRPC_PORT",
    default: "4025",
    unit: "port",
    meaning: "Native gRPC; 0 picks a free one",
    parse: port,
  },
  dataDir: {
    name: "MARS_DATA_DIR",
    default: "./data",
    unit: "path",
    meaning: "The journal, and the database unless `MARS_DATABASE_URL` says otherwise",
    parse: requiredText,
  },
  databaseUrl: {
    name: "MARS_DATABASE_URL",
    default: "",
    defaultNote: "`messages.db` in the data directory",
    unit: "URL",
    meaning:
      "The database of messages: `file:PATH`, or a libSQL server by `libsql://`, `https://`, `http://`, `wss://`, `ws://`",
    guarded: true,
    parse: databaseUrl,
  },
  acceptDatabaseDamage: {
    name: "MARS_ACCEPT_DATABASE_DAMAGE",
    default: "0",
    unit: "1 or 0",
    meaning:
      "Go on with an embedded database some of whose pages are not as they were written, wrong answers and a crash at what cannot be read included",
    parse: flag,
  },
  databaseAuthToken: {
    name: "MARS_DATABASE_AUTH_TOKEN",
    default: "",
    unit: "token",
    meaning: "What a libSQL server asks for",
    secret: true,
    parse: optionalText,
  },
  retentionMs: {
    name: "MARS_RETENTION",
    default: "14d",
    unit: "duration",
    meaning: "How long a message is kept after its last report; `off` keeps it for ever",
    parse: durationOrOff({ min: 1_000, max: 36_500 * 86_400_000 }),
  },
  countsRetentionMs: {
    name: "MARS_COUNTS_RETENTION",
    default: "90d",
    unit: "duration",
    meaning: "How long funnels, latencies and rates are kept; they outlive their messages",
    parse: duration({ min: 86_400_000, max: 3_650 * 86_400_000 }),
  },
  skewMaxMs: {
    name: "MARS_SKEW_MAX",
    default: "5m",
    unit: "duration",
    meaning:
      "How far the `created_at` of an event may be ahead of its receipt. One that is further ahead is marked and counts as of its receipt. The clocks of servers differ by less, those of devices that nobody sets by far more",
    parse: duration({ min: 1_000, max: 36_500 * 86_400_000 }),
  },
  maskAttributes: {
    name: "MARS_MASK_ATTRIBUTES",
    default: "",
    unit: "names",
    meaning:
      "Attributes whose values are replaced by `(masked)` before an event reaches the disk, at any depth and in upper or lower case, separated by commas",
    parse: names(maskNamesMax),
  },
  logLevel: {
    name: "MARS_LOG_LEVEL",
    default: "info",
    unit: "level",
    meaning: "`debug`, `info`, `warn` or `error`",
    parse: oneOf("debug", "info", "warn", "error"),
  },
  logFormat: {
    name: "MARS_LOG_FORMAT",
    default: "auto",
    unit: "format",
    meaning:
      "`json`, `text` or `auto`: text where stderr is a terminal, else JSON. Text has colours on a terminal, unless `NO_COLOR` is set",
    parse: oneOf("auto", "json", "text"),
  },
  ...accessSettings,
  ...oidcSettings,
  ...limitSettings,
  ...traceSettings,
  ...formatSettings,
  journalBytesMax: {
    name: "MARS_JOURNAL_MAX",
    default: "2GiB",
    unit: "bytes",
    meaning:
      "Accepted events that wait for the database; beyond it events are refused until there is room (429)",
    parse: bytes({ min: 1024 ** 2, max: 1024 ** 4 }),
  },
  acceptJournalLoss: {
    name: "MARS_ACCEPT_JOURNAL_LOSS",
    default: "0",
    unit: "1 or 0",
    meaning:
      "Start with a damaged journal, without what the damage has taken; each damaged file is kept as `*.damaged`. For one start",
    parse: flag,
  },
  collectors: {
    name: "MARS_COLLECTORS",
    default: String(collectorsDefault),
    unit: "count",
    meaning: "Collectors between journal and store; may change between runs",
    parse: integer({ min: 1, max: 256 }),
  },
  batchEventsMax: {
    name: "MARS_BATCH_EVENTS",
    default: "20000",
    unit: "events",
    meaning: "The most events in one database transaction",
    parse: integer({ min: 1, max: 1_000_000 }),
  },
  shutdownTimeoutMs: {
    name: "MARS_SHUTDOWN_TIMEOUT",
    default: "20s",
    unit: "duration",
    meaning: "How long stopping may take; events that are not stored by then are stored at the next start",
    parse: duration({ min: 100, max: 3_600_000 }),
  },
  startGraceMs: {
    name: "MARS_START_GRACE",
    default: "10s",
    unit: "duration",
    meaning:
      "How long no finding is raised after a start, a pause or a refusal of events, since producers may try again; `off` for no wait",
    parse: durationOrOff({ min: 1, max: 3_600_000 }),
  },
  socketBufferBytesMax: {
    name: "MARS_SOCKET_BUFFER",
    default: "4MiB",
    unit: "bytes",
    meaning:
      "Bytes that wait for a slow live subscriber; it gets the rest from history at its own pace, and is closed when it reads nothing for 15 s, to resume",
    parse: bytes({ min: 64 * 1024, max: 1024 ** 3 }),
  },
  idleTimeoutMs: {
    name: "MARS_IDLE_TIMEOUT",
    default: "90s",
    unit: "duration",
    meaning:
      "How long an idle connection to port 4000 is kept open, up to 4 s more; longer than a proxy before Mars keeps it (nginx and AWS load balancers: 60 s)",
    parse: duration({ min: 1_000, max: 240_000 }),
  },
  ...backupSettings,
  alertAllow: {
    name: "MARS_ALERT_ALLOW",
    default: "",
    unit: "hosts",
    meaning:
      "Hosts, addresses and ranges (CIDR) beyond the public ones that alerts may be sent to, separated by commas; `*` for any",
    parse: addresses,
  },
  smtpUrl: {
    name: "MARS_SMTP_URL",
    default: "",
    unit: "URL",
    meaning:
      "The mail server for alerts: `smtp://` or `smtps://`, with user and password where it asks for them; by `smtp://` a password is only sent after STARTTLS, unless to this machine",
    secret: true,
    parse: smtpUrl,
  },
  smtpFrom: {
    name: "MARS_SMTP_FROM",
    default: "",
    unit: "address",
    meaning: "Who alerts by e-mail come from, such as `Mars <mars@example.com>`",
    parse: optionalText,
  },
};

/** The rows of the table, in its order. */
export const rows: readonly Setting<unknown>[] = Object.values(settings);
