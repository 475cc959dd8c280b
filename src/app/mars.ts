/** A Mars that is up, and the line that says so. */
import type { Config } from "../config/config.ts";
import { version } from "../version.ts";
import type { CollectorFiles } from "./collector-files.ts";
import type { Declarations } from "./declarations.ts";

export interface Mars {
  /** The real ports. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Resolves, with the reason, if Mars cannot go on. */
  readonly failed: Promise<Error>;
  /** Reads the files of the certificate again. */
  reloadCertificates(): Promise<void>;
  /** What the configuration file declares. */
  readonly declarations: Declarations;
  /** What reads from message brokers by the environment. */
  readonly collectorFiles: Pick<CollectorFiles, "follow" | "look">;
  /** Stores accepted events, closes clients so that they connect elsewhere, and releases everything. */
  stop(): Promise<void>;
}

/** The line that names the real ports: port 0 has become another one. */
export function upLine(config: Config, mars: Mars): string {
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  const [scheme, tls] = config.tlsCert === "" ? ["http", ""] : ["https", " (TLS)"];
  const database = config.databaseUrl.startsWith("file:") ? "" : `, database ${config.databaseUrl}`;
  return (
    `mars ${version} is up: ${scheme}://${host}:${mars.httpPort} (REST, Connect, gRPC-Web, WebSocket), ` +
    `grpc ${host}:${mars.grpcPort}${tls}, data ${config.dataDir}${database}\n`
  );
}
