/** Which Mars a command calls, and with which key: from flags, the environment and files. */
import { join } from "node:path";
import { localTokenName } from "../core/local-token.ts";
import { isLoopback } from "../core/loopback.ts";
import { clientRows, clientSettings } from "./client-settings.ts";
import { rows, settings } from "./config.ts";
import { localUrl } from "./local-url.ts";
import { type Profile, ProfileError, profileNamed, readProfiles } from "./profiles.ts";
import type { Setting } from "./setting.ts";
import { findText, readFlags, refuseUnknownVariables, type Sources } from "./sources.ts";
import { ValueError } from "./values.ts";

export interface Client {
  /** Without a slash at its end. */
  readonly url: string;
  /** Whether the Mars is on this machine. */
  readonly local: boolean;
  readonly key?: ClientKey;
  /** The server may have this certificate and no other; absent where authorities decide. */
  readonly tls?: OwnTls;
}

/** PEM texts. */
export interface OwnTls {
  readonly cert: string;
  /** Where clients must have a certificate Mars' own is shown, with this key. */
  readonly key?: string;
}

export interface ClientKey {
  readonly text: string;
  /** Where it came from: a variable, a file. */
  readonly source: string;
}

export type ClientResult =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * A flag comes before a variable, a variable before a profile, and that before the Mars of this environment; but `--profile` is a flag. The
 * key of a profile goes to its address only, and where the environment has an address and a key, that key goes to no profile of
 * `--profile`.
 *
 * @param sources with `--url`, `--key-file` and `--profile` at most as arguments
 */
export function parseClient(sources: Sources): ClientResult {
  const problems: string[] = [];
  const flags = readFlags(clientRows, sources.argv, problems);
  refuseUnknownVariables([...rows, ...clientRows], sources.env, problems);

  const find = <T>(setting: Setting<T>): { readonly value?: T; readonly source: string } => {
    const { text, source } = findText(setting, flags, sources, problems);
    try {
      return { value: setting.parse(text), source };
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const shown = setting.secret || setting.guarded ? "" : `, is ${JSON.stringify(text)}`;
      problems.push(`${source === "default" ? setting.name : source} ${error.message}${shown}`);
      return { source };
    }
  };

  const named = find(clientSettings.url);
  const profile = chosenProfile(named, find(clientSettings.profile), sources, problems);
  const given = profile === undefined ? named.value : urlOf(profile, problems);
  const url = given === "" ? ownUrl(find) : given;
  if (url === "") problems.push("the port that 0 picks is not known: set MARS_URL or MARS_HTTP_PORT");
  const key = keyFor(find(clientSettings.key), profile, named.source !== "default");
  if (problems.length > 0 || url === undefined) return { ok: false, problems };

  const local = isLoopback(new URL(url).hostname);
  const tls = given === "" ? ownTls(find, sources) : undefined;
  const client = { url, local, ...(tls !== undefined && { tls }) };
  if (key.value) return { ok: true, client: { ...client, key: { text: key.value, source: key.source } } };
  const token = local ? adminToken(find(settings.dataDir).value ?? "", sources) : undefined;
  return { ok: true, client: { ...client, ...(token !== undefined && { key: token }) } };
}

type Find = <T>(setting: Setting<T>) => Read<T>;

interface Read<T> {
  /** Absent where the text is refused. */
  readonly value?: T;
  readonly source: string;
}

interface Chosen extends Profile {
  readonly name: string;
  readonly byFlag: boolean;
}

/** The profile whose address is used, if one is. The file is not read where an address is given otherwise. */
function chosenProfile(
  url: Read<string>,
  { value: given, source }: Read<string>,
  sources: Sources,
  problems: string[],
): Chosen | undefined {
  const byFlag = source.startsWith("--");
  if (url.source.startsWith("--")) {
    if (byFlag) problems.push(`give ${url.source} or ${source}, not both`);
    return undefined;
  }
  if (url.source !== "default" && !byFlag) return undefined;
  try {
    const all = readProfiles(sources);
    const name = given || all.current;
    return name === undefined ? undefined : { name, ...profileNamed(name, all), byFlag };
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

/** The file may have been written by hand. */
function urlOf({ name, url }: Chosen, problems: string[]): string | undefined {
  try {
    return clientSettings.url.parse(url);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    problems.push(`the address of the profile ${name} ${error.message}`);
    return undefined;
  }
}

/** @param hasUrl whether the environment has an address, to which its key belongs then */
function keyFor(found: Read<string>, profile: Chosen | undefined, hasUrl: boolean): Read<string> {
  if (profile === undefined || found.source.startsWith("--")) return found;
  const own = { value: profile.key ?? "", source: `the profile ${profile.name}` };
  const first = profile.byFlag && (hasUrl || own.value !== "");
  return first || !found.value ? own : found;
}

/** The URL of the Mars that has the same environment; empty where it cannot be known. */
function ownUrl(find: Find): string | undefined {
  const host = find(settings.host).value;
  const httpPort = find(settings.httpPort).value;
  const tlsCert = find(settings.tlsCert).value;
  if (host === undefined || httpPort === undefined || tlsCert === undefined) return undefined;
  return httpPort === 0 ? "" : localUrl({ host, httpPort, tlsCert });
}

function ownTls(find: Find, { readFile }: Sources): OwnTls | undefined {
  const path = find(settings.tlsCert).value ?? "";
  if (path === "") return undefined;
  try {
    const cert = readFile(path);
    if (find(settings.tlsClientRequired).value !== true) return { cert };
    return { cert, key: readFile(find(settings.tlsKey).value ?? "") };
  } catch {
    // The files are another user's: authorities decide.
    return undefined;
  }
}

function adminToken(dataDir: string, { readFile }: Sources): ClientKey | undefined {
  const path = join(dataDir, localTokenName);
  try {
    const text = clientSettings.key.parse(readFile(path));
    return text === "" ? undefined : { text, source: path };
  } catch {
    // No Mars has this directory, or its files are another user's: the call is made without a key.
    return undefined;
  }
}
