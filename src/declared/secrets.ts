/** Secrets of declarations: a file in a repository has none, and names where they come from. */
import { createHash } from "node:crypto";
import type { DeclaredKind } from "../config/config-file.ts";
import type { Path } from "../config/yaml.ts";

/** Where values come from that the file only names. */
export interface Secrets {
  readonly env: Readonly<Record<string, string | undefined>>;
  readFile(path: string): string;
}

/** As of `Declaration`. */
type Place = (path: Path) => string;

/** Members that may be `{ env: NAME }` or `{ file: PATH }`: of a sink, and of a collector. */
const sinkMembers = ["url", "secret", "key"];
const collectorMembers = ["url", "credentials", "tls_ca", "tls_cert", "tls_key"];
/** Of the text of a key: as of `MARS_ADMIN_KEY`. */
const tokenCharsMin = 32;

/** The value with the secrets that it names; of a key, with the SHA-256 of its text alone. No problem has a secret. */
export function withSecrets(
  kind: DeclaredKind,
  value: unknown,
  secrets: Secrets,
  place: Place,
): { readonly value: unknown; readonly problems: readonly string[] } {
  const problems: string[] = [];
  if (typeof value !== "object" || value === null) return { value, problems };
  if (kind === "sinks") return { value: sinkWith(value, secrets, place, problems), problems };
  if (kind === "collectors") return { value: collectorWith(value, secrets, place, problems), problems };
  if (kind === "sources") return { value: sourceWith(value, secrets, place, problems), problems };
  if (kind === "keys") return { value: keyWith(value, secrets, place, problems), problems };
  return { value, problems };
}

function sinkWith(value: object, secrets: Secrets, place: Place, problems: string[]): unknown {
  const fill =
    (path: Path) =>
    ([name, one]: [string, unknown]) => [name, secretOf(one, secrets, place([...path, name]), problems)];
  const entries = Object.entries(value).map(([name, one]: [string, unknown]) => {
    if (sinkMembers.includes(name)) return fill([])([name, one]);
    if (name !== "headers" || typeof one !== "object" || one === null) return [name, one];
    return [name, Object.fromEntries(Object.entries(one).map(fill([name])))];
  });
  return Object.fromEntries(entries);
}

function collectorWith(value: object, secrets: Secrets, place: Place, problems: string[]): unknown {
  const entries = Object.entries(value).map(([name, one]: [string, unknown]) =>
    collectorMembers.includes(name) ? [name, secretOf(one, secrets, place([name]), problems)] : [name, one],
  );
  return Object.fromEntries(entries);
}

/** The secret of its verification. */
function sourceWith(value: object, secrets: Secrets, place: Place, problems: string[]): unknown {
  const { verify, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof verify !== "object" || verify === null) return value;
  const { secret, ...others } = verify as Readonly<Record<string, unknown>>;
  if (secret === undefined) return value;
  const text = secretOf(secret, secrets, place(["verify", "secret"]), problems);
  return { ...rest, verify: { ...others, secret: text } };
}

function keyWith(value: object, secrets: Secrets, place: Place, problems: string[]): unknown {
  const { token, ...rest } = value as Readonly<Record<string, unknown>>;
  if (token === undefined) return value;
  const at = place(["token"]);
  if (rest.token_sha256 !== undefined) problems.push(`${at} must not be beside token_sha256`);
  if (typeof token !== "object" || token === null) {
    problems.push(`${at} must be { env: NAME } or { file: PATH }; or else token_sha256 has its SHA-256`);
    return { ...rest, token_sha256: digestOf("") };
  }
  const text = secretOf(token, secrets, at, problems);
  if (problems.length === 0 && String(text).length < tokenCharsMin)
    problems.push(`${at} must name a text of ${tokenCharsMin} characters or more`);
  return { ...rest, token_sha256: digestOf(String(text)) };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function secretOf(value: unknown, { env, readFile }: Secrets, place: string, problems: string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [[from, name] = [], ...more] = Object.entries(value);
  if (more.length > 0 || typeof name !== "string" || (from !== "env" && from !== "file")) {
    problems.push(`${place} must be a text, { env: NAME } or { file: PATH }`);
    return "";
  }
  if (from === "env") {
    const text = env[name];
    if (!text) problems.push(`${place} names the variable ${name}, which is not set`);
    return text ?? "";
  }
  try {
    return readFile(name).replace(/(\r?\n)+$/, "");
  } catch (error) {
    problems.push(`${place} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return "";
  }
}
