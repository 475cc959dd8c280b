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
  problems.push(...backupProblems(config), ...oidcProblems(config));
  return problems;
}

function backupProblems({ backupUrl, databaseUrl, backupS3KeyId, backupS3Secret }: Config): string[] {
  if (backupUrl === "") return [];
  const problems: string[] = [];
  if (!databaseUrl.startsWith("file:"))
    problems.push("MARS_BACKUP_URL is for the embedded database, but MARS_DATABASE_URL names a server");
  if (backupUrl.startsWith("s3:") && (backupS3KeyId === "" || backupS3Secret === ""))
    problems.push("MARS_BACKUP_URL by s3: needs MARS_BACKUP_S3_KEY_ID and MARS_BACKUP_S3_SECRET beside it");
  return problems;
}

function oidcProblems({
  oidcIssuer,
  oidcClientId,
  oidcClientSecret,
  oidcRoles,
  publicUrl,
}: Config): string[] {
  const needed = {
    MARS_OIDC_CLIENT_ID: oidcClientId !== "",
    MARS_OIDC_ROLES: oidcRoles.length > 0,
  };
  if (oidcIssuer === "") {
    return Object.entries({ ...needed, MARS_OIDC_CLIENT_SECRET: oidcClientSecret !== "" })
      .filter(([, given]) => given)
      .map(([name]) => `${name} needs MARS_OIDC_ISSUER beside it`);
  }
  return Object.entries({ ...needed, MARS_PUBLIC_URL: publicUrl !== "" })
    .filter(([, given]) => !given)
    .map(([name]) => `MARS_OIDC_ISSUER needs ${name} beside it`);
}
