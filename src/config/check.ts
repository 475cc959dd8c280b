/** Checks of settings together, once each is valid by itself. */
import type { Config } from "./type.ts";

/** @returns a sentence for each conflict between settings */
export function crossCheck(config: Config): string[] {
  const problems: string[] = [];
  if (config.httpPort === config.grpcPort && config.httpPort !== 0) {
    problems.push(`MARS_HTTP_PORT and MARS_GRPC_PORT must differ, both are ${config.httpPort}`);
  }
  if ((config.tlsCert === "") !== (config.tlsKey === "")) {
    const [given, missing] = config.tlsCert === "" ? ["KEY", "CERT"] : ["CERT", "KEY"];
    problems.push(`MARS_TLS_${given} needs MARS_TLS_${missing} beside it`);
  }
  if (config.tlsClientCa !== "" && config.tlsCert === "") {
    problems.push("MARS_TLS_CLIENT_CA needs MARS_TLS_CERT and MARS_TLS_KEY beside it");
  }
  if (config.tlsClientRequired && config.tlsClientCa === "") {
    problems.push("MARS_TLS_CLIENT_REQUIRED needs MARS_TLS_CLIENT_CA beside it");
  }
  if ((config.smtpUrl === "") !== (config.smtpFrom === "")) {
    const [given, missing] = config.smtpUrl === "" ? ["FROM", "URL"] : ["URL", "FROM"];
    problems.push(`MARS_SMTP_${given} needs MARS_SMTP_${missing} beside it`);
  }
  if (config.databaseUrl.startsWith("file:") && config.databaseAuthToken !== "") {
    problems.push(
      "MARS_DATABASE_AUTH_TOKEN is for a libSQL server, but the database is a file: set MARS_DATABASE_URL too",
    );
  }
  return problems;
}
