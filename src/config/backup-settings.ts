/** The settings of backups that Mars makes by itself. */
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { duration, integer, optionalText, requiredText, ValueError } from "./values.ts";

type BackupNames =
  | "backupUrl"
  | "backupEveryMs"
  | "backupKeep"
  | "backupS3Endpoint"
  | "backupS3Region"
  | "backupS3KeyId"
  | "backupS3Secret"
  | "backupS3Token";

export const backupSettings: { readonly [K in BackupNames]: Setting<Config[K]> } = {
  backupUrl: {
    name: "MARS_BACKUP_URL",
    default: "",
    unit: "URL",
    meaning:
      "Where Mars makes backups by itself: `file:DIRECTORY`, or `s3://BUCKET/PREFIX`; each Mars needs a place of its own. They have every secret of the data directory",
    parse: backupUrl,
  },
  backupEveryMs: {
    name: "MARS_BACKUP_EVERY",
    default: "1d",
    unit: "duration",
    meaning: "From one of these backups to the next",
    parse: duration({ min: 1_000, max: 365 * 86_400_000 }),
  },
  backupKeep: {
    name: "MARS_BACKUP_KEEP",
    default: "7",
    unit: "count",
    meaning: "How many of them are kept; the oldest are deleted when a new one is complete",
    parse: integer({ min: 1, max: 1_000 }),
  },
  backupS3Endpoint: {
    name: "MARS_BACKUP_S3_ENDPOINT",
    alias: "AWS_ENDPOINT_URL_S3",
    default: "",
    unit: "URL",
    meaning: "The server of an `s3:` URL where that is not Amazon's: `https://minio.example.com`",
    parse: endpoint,
  },
  backupS3Region: {
    name: "MARS_BACKUP_S3_REGION",
    alias: "AWS_REGION",
    default: "us-east-1",
    unit: "text",
    meaning: "The region of the bucket",
    parse: requiredText,
  },
  backupS3KeyId: {
    name: "MARS_BACKUP_S3_KEY_ID",
    alias: "AWS_ACCESS_KEY_ID",
    default: "",
    unit: "text",
    meaning: "The access key of the bucket, which may list, read, write and delete there",
    parse: optionalText,
  },
  backupS3Secret: {
    name: "MARS_BACKUP_S3_SECRET",
    alias: "AWS_SECRET_ACCESS_KEY",
    default: "",
    unit: "secret",
    meaning: "Its secret",
    secret: true,
    parse: optionalText,
  },
  backupS3Token: {
    name: "MARS_BACKUP_S3_TOKEN",
    alias: "AWS_SESSION_TOKEN",
    default: "",
    unit: "token",
    meaning: "The session's token, where the access key is a temporary one",
    secret: true,
    parse: optionalText,
  },
};

function backupUrl(text: string): string {
  if (text === "" || /^file:[^?#]+$/.test(text)) return text;
  if (/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w./-]*)?$/.test(text)) return text.replace(/\/+$/, "");
  throw new ValueError(
    "must be file:DIRECTORY, or s3://BUCKET/PREFIX with letters, digits and ._-/ as prefix",
  );
}

function endpoint(text: string): string {
  if (text === "") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.pathname === "/")
    return url.origin;
  throw new ValueError("must be https:// or http:// and a host");
}
