/**
 * Reads a broker collector as its user writes it: a URL with a query, or a URL with members beside it. The same for the environment, the
 * configuration file and the API. Pure.
 */
import { type BrokerCollector, hiddenSecret, urlText } from "./broker-collector.ts";
import { type EngineMembers, engineMembers, engineOf, engines } from "./broker-engine.ts";
import type { FieldProblem } from "./error.ts";
import { appIdBytesMax } from "./limits.ts";
import { nearest } from "./nearest.ts";
import { textProblem } from "./validate.ts";

/** Bytes of a URL, of a name at the broker, of certificates and credentials. */
export const brokerUrlBytesMax = 4_096;
const nameBytesMax = 512;
/** The ids of sources. */
const sourcePattern = /^[A-Za-z0-9._-]{1,64}$/;
const pemBytesMax = 32 * 1024;

/** The members of every engine. */
export const commonMembers = [
  ...(["app_id", "source", "dead_letter", "credentials"] as const),
  ...(["tls_ca", "tls_cert", "tls_key"] as const),
] as const;
/** Those of several lines. */
const longMembers = ["credentials", "tls_ca", "tls_cert", "tls_key"];
/** Those that are shown nowhere, beside what is in the URL. */
const secretMembers = { credentials: "credentials", tls_key: "tlsKey" } as const;

/** All members beside `id` and `url`, of any engine. */
export const collectorMembers: readonly string[] = [
  ...new Set([
    ...engines.flatMap((engine) => [...engineMembers[engine].required, ...engineMembers[engine].optional]),
    ...commonMembers,
  ]),
];

/** Either the collector or at least one problem. */
export interface ReadCollector {
  readonly collector?: BrokerCollector;
  readonly problems?: readonly FieldProblem[];
}

/**
 * Checks all members. No problem has a secret.
 *
 * @param given `url` and the other members; those in the URL's query are members too
 * @param before the collector that it replaces: its secrets are kept where they come back hidden and lead to the same host;
 * `unknown` where hidden secrets are looked at later
 */
export function readBrokerCollector(
  id: string,
  given: Readonly<Record<string, unknown>>,
  before?: BrokerCollector | "unknown",
): ReadCollector {
  const problems: FieldProblem[] = [];
  const report = (field: string, message: string) => {
    problems.push({ field, message });
  };
  const url = readUrl(given.url, report);
  const engine = url && engineOf(url.protocol.slice(0, -1));
  if (url === undefined || engine === undefined) return { problems };
  const members = membersOf(given, url, report);
  const form: EngineMembers = engineMembers[engine];
  const { required, optional, defaults, credentials } = form;
  const own = [...required, ...optional];
  const known = [...own, ...commonMembers.filter((name) => name !== "credentials" || credentials)];
  for (const [name, value] of Object.entries(members)) {
    if (!known.includes(name)) report(name, `is not known for ${engine}${nearest(name, known)}`);
    else checkText(name, value, report, form);
  }
  if (form.path !== undefined && url.pathname.length < 2)
    report("url", `must have a path: ${url.protocol}//HOST/${form.path}`);
  for (const name of required) if (members[name] === undefined) report(name, "is required");
  if (members.source !== undefined && members.app_id !== undefined)
    report("app_id", "must be absent: the source gives the app");
  for (const [name, other] of [
    ["tls_cert", "tls_key"],
    ["tls_key", "tls_cert"],
  ] as const)
    if (members[name] !== undefined && members[other] === undefined)
      report(other, `is required with ${name}`);
  if (before !== "unknown") {
    const kept = before !== undefined && sameHost(before.url, url) ? before : undefined;
    keepSecrets(url, members, kept, report);
  }
  if (problems.length > 0) return { problems };
  const source = own.flatMap((name) => {
    const value = members[name] ?? defaults[name];
    return value === undefined ? [] : [[name, value]];
  });
  const { app_id, source: mappedBy, dead_letter, credentials: secret, tls_ca, tls_cert, tls_key } = members;
  return {
    collector: {
      id,
      engine,
      url: urlText(url),
      source: Object.fromEntries(source),
      ...(app_id !== undefined && { appId: app_id }),
      ...(mappedBy !== undefined && { mappedBy }),
      ...(dead_letter !== undefined && { deadLetter: dead_letter }),
      ...(secret !== undefined && { credentials: secret }),
      ...(tls_ca !== undefined && { tlsCa: tls_ca }),
      ...(tls_cert !== undefined && { tlsCert: tls_cert }),
      ...(tls_key !== undefined && { tlsKey: tls_key }),
    },
  };
}

type Report = (field: string, message: string) => void;

function readUrl(value: unknown, report: Report): URL | undefined {
  if (typeof value !== "string" || value === "") {
    report("url", value === undefined ? "is required" : "must be a text");
    return undefined;
  }
  const schemes = engines.flatMap((engine) => engineMembers[engine].schemes.map((scheme) => `${scheme}://`));
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    url === undefined ||
    url.host === "" ||
    engineOf(url.protocol.slice(0, -1)) === undefined ||
    Buffer.byteLength(value) > brokerUrlBytesMax
  ) {
    report("url", `must be one of ${schemes.join(", ")} with a host, of ${brokerUrlBytesMax} bytes at most`);
    return undefined;
  }
  return url;
}

/** Those beside the URL, and those of its query, which it loses. */
function membersOf(
  given: Readonly<Record<string, unknown>>,
  url: URL,
  report: Report,
): Record<string, string> {
  const members: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === "url" || value === undefined || value === null) continue;
    if (typeof value === "string") members[name] = value;
    else report(name, "must be a text");
  }
  for (const [name, value] of url.searchParams) {
    if (members[name] !== undefined) report(name, "must be given once: it is in the query of the URL too");
    else members[name] = value;
  }
  url.search = "";
  url.hash = "";
  return members;
}

function checkText(name: string, value: string, report: Report, { choices, numbers }: EngineMembers): void {
  const long = longMembers.includes(name);
  const bytesMax = name === "app_id" ? appIdBytesMax : long ? pemBytesMax : nameBytesMax;
  const problem = value === "" ? "must not be empty" : textProblem(value, bytesMax);
  if (problem !== undefined) report(name, problem);
  else if (!long && /[\s\p{Cc}]/u.test(value) && name !== "app_id") report(name, "must not have blanks");
  else if (name === "source" && !sourcePattern.test(value)) report(name, "must be the id of a source");
  else if ((name === "tls_ca" || name === "tls_cert") && !value.includes("-----BEGIN CERTIFICATE-----"))
    report(name, "must have certificates in PEM");
  else if (name === "tls_key" && value !== hiddenSecret && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value))
    report(name, "must be a private key in PEM");
  const values = choices?.[name];
  if (values !== undefined && !values.includes(value)) report(name, `must be one of ${values.join(", ")}`);
  const bounds = numbers?.[name];
  if (bounds === undefined) return;
  const whole = /^\d{1,9}$/.test(value) && Number(value) >= bounds.min && Number(value) <= bounds.max;
  if (!whole) report(name, `must be a whole number from ${bounds.min} to ${bounds.max}`);
}

/** Puts the secrets in the place of `(hidden)`. */
function keepSecrets(
  url: URL,
  members: Record<string, string>,
  before: BrokerCollector | undefined,
  report: Report,
): void {
  const old = before && new URL(before.url);
  const missing = "must be given in full: there is none to keep for this scheme, user, host and port";
  for (const part of ["password", "username"] as const) {
    if (decodeURIComponent(url[part]) !== hiddenSecret) continue;
    if (old === undefined || old[part] === "" || (part === "password" && old.username !== url.username))
      report("url", missing);
    else url[part] = old[part];
  }
  for (const [name, member] of Object.entries(secretMembers)) {
    if (members[name] !== hiddenSecret) continue;
    const kept = before?.[member];
    if (kept === undefined) report(name, missing);
    else members[name] = kept;
  }
}

function sameHost(before: string, { protocol, host }: URL): boolean {
  const old = new URL(before);
  return old.protocol === protocol && old.host === host;
}
