/** From the text of a setting to its value. Each parser throws a `ValueError` that completes "MARS_X must …". */
import { isIP } from "node:net";
import { formatDuration, formatUnits, parseDuration } from "../core/duration.ts";
import { appPatternProblem, appPatternsMax } from "../core/rights.ts";

export class ValueError extends Error {}

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function integer({ min, max }: Bounds): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new ValueError(`must be a whole number from ${min} to ${max}`);
  };
}

export function port(text: string): number {
  // Kubernetes describes a service called mars-http to its pods as MARS_HTTP_PORT=tcp://….
  if (/^(tcp|udp|sctp):\/\//.test(text)) {
    throw new ValueError(
      "must be a port; this is how Kubernetes describes a service of that name: " +
        "set enableServiceLinks: false in the pod's specification",
    );
  }
  return integer({ min: 0, max: 65_535 })(text);
}

/** Bounds are in milliseconds. */
export function duration({ min, max }: Bounds): (text: string) => number {
  return (text) => {
    const value = parseDuration(text);
    if (value !== undefined && value >= min && value <= max) return value;
    throw new ValueError(
      `must be a number and a unit (ms, s, m, h, d) from ${formatDuration(min)} to ${formatDuration(max)}`,
    );
  };
}

/** A duration or `off`, which is 0. `0` itself is refused: it could mean either end. */
export function durationOrOff(bounds: Bounds): (text: string) => number {
  return orOff(duration(bounds));
}

/** A whole number or `off`, which is 0. */
export function integerOrOff(bounds: Bounds): (text: string) => number {
  return orOff(integer(bounds));
}

/** A number of bytes or `off`, which is 0. */
export function bytesOrOff(bounds: Bounds): (text: string) => number {
  return orOff(bytes(bounds));
}

function orOff(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    if (text === "off") return 0;
    try {
      return parse(text);
    } catch (error) {
      throw new ValueError(`${(error as ValueError).message}, or off`);
    }
  };
}

/** Bounds are in bytes. */
export function bytes({ min, max }: Bounds): (text: string) => number {
  return (text) => {
    const [, digits = "", unit = ""] = /^(\d{1,15}) ?([A-Za-z]*)$/.exec(text) ?? [];
    const value = Number(digits) * (byteUnits[unit] ?? Number.NaN);
    if (digits !== "" && value >= min && value <= max) return value;
    throw new ValueError(
      `must be a number of bytes, or of KiB, MiB or GiB, from ${formatBytes(min)} to ${formatBytes(max)}`,
    );
  };
}

export function oneOf<T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    throw new ValueError(`must be one of ${values.join(", ")}`);
  };
}

export function flag(text: string): boolean {
  if (["1", "true", "on", "yes"].includes(text)) return true;
  if (["0", "false", "off", "no"].includes(text)) return false;
  throw new ValueError("must be 1 or 0");
}

/** Any text, the empty one included: "not set". */
export function optionalText(text: string): string {
  return text;
}

/** A secret that people choose: long enough that nobody can guess it. Empty for none. */
export function longSecret(text: string): string {
  if (text !== "" && text.length < secretLengthMin) {
    throw new ValueError(`must have at least ${secretLengthMin} characters, has ${text.length}`);
  }
  if (/[^\x21-\x7e]/.test(text)) throw new ValueError("must have no blanks, and ASCII characters only");
  return text;
}

const secretLengthMin = 32;

export function requiredText(text: string): string {
  if (text.trim() === "") throw new ValueError("must not be empty");
  return text;
}

/** Checks the URL without opening the database. */
export function databaseUrl(text: string): string {
  if (text === "") return text;
  if (/^file:/i.test(text)) {
    if (!/^file:/.test(text)) throw new ValueError("must spell file: in lower case");
    if (/[?#]/.test(text)) throw new ValueError("must be a file: URL without ? and #");
    if (text.includes(":memory:")) throw new ValueError("must name a file: Mars does not forget on purpose");
    if (/^file:(\/\/)?$/.test(text)) throw new ValueError("must name a file after file:");
    return text;
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ValueError("must be a URL: file:PATH, libsql://, https://, http://, wss:// or ws://");
  }
  if (!["libsql:", "https:", "http:", "wss:", "ws:"].includes(url.protocol)) {
    throw new ValueError("must begin with file:, libsql://, https://, http://, wss:// or ws://");
  }
  if (url.hostname === "") throw new ValueError("must name a host");
  if (url.username !== "" || url.password !== "" || url.searchParams.has("authToken")) {
    throw new ValueError("must not hold a secret: it belongs in MARS_DATABASE_AUTH_TOKEN");
  }
  return text;
}

/** The database in the data directory. A directory may have any name, a URL's path may not: `%`, `?` and `#` are encoded. */
export function defaultDatabaseUrl(dataDir: string): string {
  const path = dataDir.replace(/[%?#]/g, encodeURIComponent).replace(/\/+$/, "");
  return `file:${path}/messages.db`;
}

/** An origin by HTTP, with or without a slash at its end; empty for none. Returns it without the slash. */
export function publicUrl(text: string): string {
  if (text === "") return text;
  const origin = originOf(text);
  if (origin === undefined || !/^https?:/.test(origin) || ![origin, `${origin}/`].includes(text)) {
    throw new ValueError("must be an origin such as https://mars.example.com, in lower case, without a path");
  }
  return origin;
}

/** Origins, separated by commas, or `*`. */
export function origins(text: string): readonly string[] {
  const list = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  for (const origin of list) {
    if (origin !== "*" && originOf(origin) !== origin) {
      throw new ValueError("must be origins such as https://mars.example.com, separated by commas, or *");
    }
  }
  return list;
}

/** Host names without ports, separated by commas, or `*`. */
export function hostNames(text: string): readonly string[] {
  const list = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  for (const name of list) {
    if (name !== "*" && !/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(name)) {
      throw new ValueError(
        "must be names such as mars.example.com, without ports, separated by commas, or *",
      );
    }
  }
  return list;
}

/** Any names, separated by commas; none is repeated. */
export function names(max: number): (text: string) => readonly string[] {
  return (text) => {
    const list = new Set(
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    );
    if (list.size > max) throw new ValueError(`must be at most ${max} names, separated by commas`);
    return [...list];
  };
}

/** Patterns of apps, separated by commas; none is repeated. */
export function appPatterns(text: string): readonly string[] {
  const list = names(appPatternsMax)(text);
  for (const pattern of list) {
    const problem = appPatternProblem(pattern);
    if (problem !== undefined)
      throw new ValueError(`must be apps such as shop or shop-*: ${pattern} ${problem}`);
  }
  return list;
}

/** Host names, addresses and CIDR ranges, separated by commas, or `*`. */
export function addresses(text: string): readonly string[] {
  const list = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  for (const entry of list) {
    if (entry !== "*" && !isAddress(entry)) {
      throw new ValueError(
        "must be hosts such as hooks.example.com, addresses or ranges such as 10.0.0.0/8, separated by commas, or *",
      );
    }
  }
  return list;
}

function isAddress(entry: string): boolean {
  const [address = "", bits, ...rest] = entry.split("/");
  if (bits === undefined) return isIP(address) !== 0 || /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(address);
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
}

/** A mail server; empty for none. */
export function smtpUrl(text: string): string {
  if (text === "") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "smtp:" && url?.protocol !== "smtps:") {
    throw new ValueError("must be a URL such as smtps://user:password@mail.example.com:465");
  }
  if (url.hostname === "") throw new ValueError("must name a host");
  return text;
}

function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}

function formatBytes(count: number): string {
  return formatUnits(count, { ...byteUnits, "": 0, B: 1 });
}
